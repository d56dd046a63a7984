/** A server does not decide: it asks its owner. */
import { LlmOpsError } from '../../../errors.ts';
import { prefixBlocks } from '../../balance/prefix-blocks.ts';
import type { Admission, AdmissionCall, Dispatch, Places } from '../../dispatch/dispatch.ts';
import type { LiveService, LiveVersion } from '../../live/live-service.ts';
import type { LiveStack } from '../../live/live-stack.ts';
import type { Replica } from '../../live/replica.ts';
import type { Grant } from '../messages.ts';
import type { OwnerLink } from './owner-link.ts';
import type { ProgressReport } from './progress-report.ts';
import { Turn } from './turn.ts';

type Tools = {
  readonly link: OwnerLink;
  readonly stack: LiveStack;
  readonly report: ProgressReport;
};

type Granted = { readonly version: LiveVersion; readonly replica: Replica };

export function createRemoteDispatch(tools: Tools): Dispatch {
  const { link, stack } = tools;
  /** Versions that were full when one of ours came last: who comes next asks before it does any work. */
  const full = new Set<string>();
  const nothing = (): undefined => undefined;
  return {
    refuseIfFull: (places) => {
      const key = keyOf(places);
      if (!full.has(key)) return;
      const { service, version } = places;
      const question = { kind: 'room', service: service.name, version: version.name } as const;
      return link.ask(question, () => void full.delete(key)).reply;
    },
    admit: (places, call) => admit(places, call, { tools, full }),
    question: async ({ name }) => {
      const { n, reply } = link.ask({ kind: 'any', service: name }, (value) =>
        resolveGrant(stack, name, value as Grant),
      );
      const { replica } = await reply;
      const leaveHere = replica.enter();
      return {
        seat: new Turn({ n, replica, ...tools }),
        engine: replica.engine,
        leave: () => {
          leaveHere();
          link.tell({ kind: 'release', n });
        },
      };
    },
    queueLength: ({ name: service }) =>
      link.ask({ kind: 'queue', service }, (value) => value as number).reply,
    assertAlive: () => link.ask({ kind: 'alive' }, nothing).reply,
  };
}

async function admit(
  places: Places,
  { prompt, signal, trace }: AdmissionCall,
  { tools, full }: { readonly tools: Tools; readonly full: Set<string> },
): Promise<Admission> {
  const { link, stack } = tools;
  const { service, version } = places;
  trace.queuedAt ??= performance.now();
  signal.throwIfAborted();
  const key = keyOf(places);
  const { n, reply } = link.ask(
    {
      kind: 'admit',
      service: service.name,
      version: version.name,
      // Where there is no choice nothing is computed for it.
      blocks: version.replicas.length > 1 ? prefixBlocks(prompt) : null,
    },
    (value) => {
      full.delete(key);
      return resolveGrant(stack, service.name, value as Grant);
    },
    {
      signal,
      onRefusal: ({ error, isAdmitted }) => {
        if (isAdmitted) trace.admittedAt = performance.now();
        else if (error instanceof LlmOpsError && error.code === 'overloaded') full.add(key);
      },
    },
  );
  const granted = await reply;
  trace.admittedAt = performance.now();
  let isHeld = true;
  return {
    version: granted.version,
    chosen: {
      seat: new Turn({ n, replica: granted.replica, ...tools }),
      other: async () => {
        const other = link.ask({ kind: 'other', of: n }, (value) =>
          value === null ? null : resolveGrant(stack, service.name, value as Grant),
        );
        const found = await other.reply;
        return found === null ? null : new Turn({ n, replica: found.replica, ...tools });
      },
    },
    giveBack: () => {
      if (isHeld) link.tell({ kind: 'release', n });
      isHeld = false;
    },
  };
}

function keyOf({ service, version }: { service: LiveService; version: LiveVersion }): string {
  return `${service.name}\0${version.name}`;
}

/** The objects that the owner means, in the configuration that it sent before its answer. */
function resolveGrant(stack: LiveStack, name: string, grant: Grant): Granted {
  const version = stack.find(name)?.versions.find((each) => each.name === grant.version);
  const replica = version?.replicas[grant.replica];
  if (version === undefined || replica === undefined)
    throw new LlmOpsError('engine_unavailable', `${name}: its engine was taken away meanwhile`, {
      details: { retry_after_s: 1 },
    });
  return { version, replica };
}
