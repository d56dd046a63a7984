/** One server among several: serves what its owner lets it, with the configuration that it is sent. */
import type { WorkerConfig, WorkerTokens } from '../../../config/worker-config.ts';
import { createChatRenderer } from '../../../prompts/chat/chat-renderer.ts';
import { toTokenSet } from '../../auth/token-set.ts';
import type { LiveTokens } from '../../auth/tokens-file.ts';
import { Departures } from '../../http/departure.ts';
import { openEngineProgress } from '../../live/engine-progress.ts';
import { LiveStack } from '../../live/live-stack.ts';
import { createServerMetrics } from '../../metrics/processes/server-metrics.ts';
import { openDoor } from '../../open-door.ts';
import { buildServer } from '../../server.ts';
import type { LogTarget } from '../../server.ts';
import type { States, ToServer } from '../messages.ts';
import { CountReport } from './count-report.ts';
import type { OwnerLink } from './owner-link.ts';
import { ProgressReport } from './progress-report.ts';
import { createRemoteDispatch } from './remote-dispatch.ts';

/** Four looks within the time after which an engine counts as silent, and at least one a second. */
const LONGEST_REPORT_MS = 1_000;
const REPORTS_A_LIMIT = 4;

export type Server = {
  /** What the owner says after `begin`. */
  readonly take: (message: Exclude<ToServer, { kind: 'begin' }>) => void;
  /** Resolves when it has ended, as it was told to, and nothing is left to say. */
  readonly ended: Promise<void>;
};

/** Listens when it resolves. Rejects with Node's error of `listen`. */
export async function serveForOwner(
  begin: Extract<ToServer, { kind: 'begin' }>,
  { link, log }: { readonly link: OwnerLink; readonly log: LogTarget },
): Promise<Server> {
  const { configDirectory, logLevel } = begin.settings;
  const chatRenderer = createChatRenderer();
  const stack = new LiveStack({
    chatRenderer,
    onReplicaChange: () => undefined,
    readProgress: openEngineProgress(configDirectory),
    looksAtEngines: false,
  });
  const report = new ProgressReport((visits) => link.tell({ kind: 'progress', visits }));
  const configure = (config: WorkerConfig, states: States): void => {
    stack.configure(config);
    followStates(stack, states);
    report.every(reportMs(config));
  };
  configure(begin.config, begin.states);
  const tokens: LiveTokens = { set: toSet(begin.tokens) };
  const departures = new Departures();
  const metrics = createServerMetrics(stack);
  const counts = new CountReport(metrics, (n, counted) => {
    link.tell({ kind: 'counts', n, counts: counted });
  });
  const dispatch = createRemoteDispatch({ link, stack, report });
  const app = buildServer({
    ...{ stack, tokens, departures, dispatch, logLevel, log },
    metrics: {
      follow: metrics.follow,
      scrape: () =>
        link.ask(
          { kind: 'scrape' },
          (value) => value as { readonly contentType: string; readonly text: string },
        ).reply,
    },
  });
  const door = await openDoor(app, departures, begin.settings);
  link.tell({ kind: 'listening', url: door.url });
  counts.begin();
  const ended = Promise.withResolvers<undefined>();
  const end = async (): Promise<void> => {
    await door.close();
    report.stop();
    counts.stop();
    await counts.tell(null);
    await stack.close();
    await chatRenderer.close();
  };
  const take: Server['take'] = (message) => {
    switch (message.kind) {
      case 'config':
        configure(message.config, message.states);
        return;
      case 'states':
        followStates(stack, message.states);
        return;
      case 'tokens':
        tokens.set = toSet(message.tokens);
        return;
      case 'count':
        void counts.tell(message.n);
        return;
      case 'drain':
        stack.drain();
        door.limit(message.drainMs);
        return;
      case 'stop':
        end().then(() => ended.resolve(undefined), ended.reject);
        return;
      case 'answer':
      case 'refusal':
        link.take(message);
    }
  };
  return { take, ended: ended.promise };
}

function followStates(stack: LiveStack, states: States): void {
  for (const [service, versions] of Object.entries(states))
    for (const version of stack.find(service)?.versions ?? [])
      for (const [at, state] of (versions[version.name] ?? []).entries())
        version.replicas[at]?.follow(state);
}

function reportMs({ services }: WorkerConfig): number {
  const limits = services.flatMap(({ versions }) =>
    versions.map((version) => version.limits.idle_timeout_ms / REPORTS_A_LIMIT),
  );
  return Math.min(LONGEST_REPORT_MS, ...limits);
}

/** The owner has checked them. */
function toSet(tokens: WorkerTokens | null): LiveTokens['set'] {
  return tokens === null ? null : toTokenSet(tokens, 'the tokens');
}
