import type { AddressInfo } from 'node:net';

import { LlmOpsError } from '../errors.ts';
import { EngineCore } from './core/engine-core.ts';
import { FaultBox } from './faults/fault-box.ts';
import type { FaultPlan } from './faults/faults.ts';
import { resolveOptions, type ServeOptions } from './options.ts';
import { buildEngineServer } from './server.ts';
import { createSimulator } from './simulator/simulator.ts';
import type { TextSource } from './text-source.ts';

export type RunningEngine = {
  /** `http://host:port`, without a slash at its end. */
  readonly url: string;
  /** Resolves when it can answer; rejects when it never will. Whoever is not interested may leave it alone. */
  readonly loaded: Promise<void>;
  /** Stops listening, breaks the connections that are left, and gives back all that the source holds. */
  close(): Promise<void>;
};

export type ServeSourceOptions = {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Beyond it requests wait. */
  readonly maxConcurrent: number;
  /** Beyond it they are refused instead; undefined: never. */
  readonly maxWaiting?: number | undefined;
  /** As many requests `/sim/requests` tells of, with their prompts; undefined: none. */
  readonly remember?: number;
  readonly fault?: FaultPlan;
  /** How the fault `exit_at_token` ends the process; without it that fault is refused. */
  readonly exit?: (() => void) | undefined;
};

export type ServeEngineOptions = ServeOptions & Pick<ServeSourceOptions, 'exit'>;

/** Starts an engine server over the simulator. Throws `usage` for wrong options, `port_in_use`, or `start_failed`. */
export async function serveEngine({
  exit,
  ...options
}: ServeEngineOptions = {}): Promise<RunningEngine> {
  const resolved = resolveOptions(options);
  return serveSource(createSimulator(resolved), { ...resolved, exit });
}

/** Starts an engine server over a source of text. It listens before it loads. Throws `port_in_use` or `start_failed`. */
export async function serveSource(
  source: TextSource,
  { host, port, maxConcurrent, maxWaiting, remember = 0, fault = {}, exit }: ServeSourceOptions,
): Promise<RunningEngine> {
  const faults = new FaultBox(exit !== undefined);
  faults.set(fault);
  const core = new EngineCore({ source, maxConcurrent, maxWaiting, remember, faults });
  const app = buildEngineServer(core, exit ?? (() => undefined));
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw toStartError(error, host, port);
  }
  // Listens first: a loading engine says that it loads.
  const loaded = core.load();
  loaded.catch(() => undefined);
  const address = app.server.address() as AddressInfo;
  return { url: toUrl(host, address.port), loaded, close: async () => app.close() };
}

function toStartError(error: unknown, host: string, port: number): LlmOpsError {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (isTaken) {
    return new LlmOpsError('port_in_use', `Port ${port} of ${host} is in use.`, {
      hint: 'Choose another with --port, or --port 0 for a free one.',
      cause: error,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new LlmOpsError('start_failed', `Cannot listen on ${host}:${port}: ${reason}`, {
    cause: error,
  });
}

/** An address that listens everywhere is no address to ask, so it is named by the loopback one. */
function toUrl(host: string, port: number): string {
  const named = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${named.includes(':') ? `[${named}]` : named}:${port}`;
}
