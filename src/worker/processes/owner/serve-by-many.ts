/**
 * A worker of several processes: an owner, and servers that it forks.
 *
 * One process serves a model of one machine well; a service whose engines are many needs more than one core for what each token costs. So
 * the servers do that: HTTP, tokens, prompts, the engines' streams, frames, the log. What has to be one for all stays with the owner, which
 * serves nobody itself: the places and the queues before them (first come, first served over all), the choice of the replica with what is
 * remembered of prompts, the engines' health, the registrations at controllers, and the one look at the configuration. It runs the same
 * code for that as a single process does (`live/`, `admission/`, `balance/`), so there is one set of rules.
 *
 * A request costs one question (its places and its replica, answered together) and one word at its end; what is said in one turn of the
 * event loop travels together. Which version a request gets is drawn by its server, from the states that the owner tells of: draws are
 * independent, so many who draw are as fair as one, and a prompt needs its template before it can ask for a place. Whether there is room is
 * asked beforehand only after a refusal, so that a full service does not render prompts in vain. The channel keeps the order, so whatever
 * the owner answers is meant in the configuration that it sent before.
 *
 * Connections are shared out by node:cluster: the owner accepts, and gives them to the servers by turns. With SO_REUSEPORT the kernel would
 * choose by a hash, and of the few connections that a front door keeps open some servers would get most; and all those that a dying server
 * had not accepted yet would be cut, as would those that come to one that is stopping. Not perfect: of a server that is killed while a
 * connection is on its way to it, node:cluster neither closes that connection nor gives it to another, so its client waits until it gives
 * up. When all servers die at once nobody listens until the first one is back.
 *
 * Counters: each server tells the owner what it counted, at each scrape and by itself every second. Of one that is killed, what it counted
 * since then is lost, at most about a second; nothing that anybody was told ever goes down.
 *
 * A server that dies cuts its streams, and its places come free at once; another takes its place. An owner that dies ends all servers.
 */
import cluster from 'node:cluster';
import { extname, join } from 'node:path';
import type { WorkerConfig, WorkerTokens } from '../../../config/worker-config.ts';
import type { TokenSet } from '../../auth/token-set.ts';
import { createLogger } from '../../http/log-destination.ts';
import { createOwnerMetrics } from '../../metrics/processes/owner-metrics.ts';
import { LAST_WORDS_MS } from '../../open-door.ts';
import { openStack } from '../../open-stack.ts';
import type { RunningWorker, WorkerOptions } from '../../serve.ts';
import { ServerPool } from './server-pool.ts';
import { statesOf } from './states.ts';

const PROGRAM = join(import.meta.dirname, `../server/main${extname(import.meta.filename)}`);

/** What a server may take to end after its last request, beyond which it is ended. */
const LEAVE_MS = 5_000;

export type WorkerOfMany = RunningWorker & {
  /** Rejects when no server is left, and none can be started any more. */
  readonly broken: Promise<never>;
};

/** As `serveWorker`, by so many server processes. Their log goes to standard output, too. */
export async function serveByMany(
  options: WorkerOptions & { readonly processes: number },
): Promise<WorkerOfMany> {
  const { configDirectory, host, port, logLevel, drainMs, processes: size } = options;
  const log = createLogger(logLevel, options.log);
  let config: WorkerConfig;
  const opened = await openStack({
    configDirectory,
    log: () => log,
    onReplicaChange: (replica) => {
      metrics.replicaChanged(replica);
      const service = stack.services.find(({ versions }) =>
        versions.some(({ replicas }) => replicas.includes(replica)),
      );
      if (service !== undefined) pool.send({ kind: 'states', states: statesOf([service]) });
    },
    onConfig: (changed) => {
      config = changed;
      pool.send({ kind: 'config', config, states: statesOf(stack.services) });
    },
    onTokens: () => pool.send({ kind: 'tokens', tokens: tokensOf(opened.tokens.set) }),
  });
  config = opened.config;
  const { stack } = opened;
  const metrics = createOwnerMetrics(stack);
  const pool = new ServerPool({
    ...{ stack, size, log },
    scrape: async () => {
      await pool.count();
      return metrics.scrape();
    },
    toBegin: () => ({
      kind: 'begin',
      settings: { configDirectory, host, port, logLevel },
      config,
      states: statesOf(stack.services),
      tokens: tokensOf(opened.tokens.set),
    }),
    onCounts: metrics.counted,
    onGone: metrics.gone,
  });
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: PROGRAM, args: [] });
  opened.follow();
  const url = await pool.start().catch(async (error: unknown) => {
    await closeAll({ opened, pool, drainMs: 0 });
    throw error;
  });
  // Not before: who hears of us asks at once.
  opened.announce();
  return {
    url,
    broken: pool.broken,
    close: () => closeAll({ opened, pool, drainMs }),
  };
}

/** In the order of a single process: nobody wanted, controllers told, no new requests, the last reply, the engines. */
async function closeAll({
  opened,
  pool,
  drainMs,
}: {
  readonly opened: Awaited<ReturnType<typeof openStack>>;
  readonly pool: ServerPool;
  readonly drainMs: number;
}): Promise<void> {
  opened.drain();
  // On the same channel as the connections by which the controllers look at us then, and before them.
  pool.drain(drainMs);
  await opened.leave();
  await pool.close(drainMs + LAST_WORDS_MS + LEAVE_MS);
  await opened.close();
}

/** The tokens in force as their file has them: what looks them up does not travel. */
function tokensOf(set: TokenSet | null): WorkerTokens | null {
  if (set === null) return null;
  const tokens = [...set].map(([sha256, { grant }]) => ({
    id: grant.id,
    sha256,
    services: grant.services === null ? null : [...grant.services],
    expires_at_ms: grant.expiresAtMs,
  }));
  return { tokens };
}
