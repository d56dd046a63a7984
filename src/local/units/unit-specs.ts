/** StackPlan → the processes that should run. Pure. */
import { createHash } from 'node:crypto';

import type { WorkerCount } from '../../config/stack-config.ts';
import { WORKER_NODE_FLAGS, workerCompileCache } from '../../config/worker-config.ts';
import type { LogDialect } from '../../plan/load-progress.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import { VERSION } from '../../version.ts';
import { workerDirectory } from '../state/state-directory.ts';
import type { Timing } from '../timing.ts';
import {
  type Command,
  engineCommand,
  logDialect,
  neededProgram,
  type Programs,
} from './engine-command.ts';

/** Name of the process before the engines. */
const GATEWAY = 'gateway';

/** Left of the grace when requests under way have had their time: enough to tell their clients that they were cut. */
const LAST_WORDS_MS = 2_000;

export type Environment = Readonly<Record<string, string | undefined>>;

export type UnitSpec = {
  readonly name: string;
  readonly role: 'engine' | 'worker';
  /** Changes when the unit must be made anew. An engine's port does not count: it gets a free one at each start. */
  readonly hash: string;
  readonly gpus: readonly string[];
  /** It ends by itself when its IPC channel closes. */
  readonly ours: boolean;
  /** Where it will listen; the port is null for an engine. */
  readonly host: string;
  readonly port: number | null;
  /** How its log tells what it loads; null: it does not. */
  readonly dialect: LogDialect | null;
  readonly command: (port: number) => Command;
};

export type UnitSpecsOptions = {
  readonly directory: string;
  readonly programs: Programs;
  /** What variables that the plan only names are taken from. */
  readonly env: Environment;
  readonly timing: Pick<Timing, 'graceMs'>;
};

/** One for each engine that we start, in the plan's order, and the gateway last. Throws what `engineCommand` throws. */
export function unitSpecs(plan: StackPlan, options: UnitSpecsOptions): readonly UnitSpec[] {
  const { programs, env } = options;
  const specs: UnitSpec[] = [];
  for (const { model, replicas } of plan.services) {
    for (const { id, engine } of replicas) {
      if ('url' in engine) continue;
      const command = (port: number): Command => engineCommand(engine, { model, port, programs });
      const gpus = engine.gpus.map((gpu) => gpu.id);
      const ours = neededProgram(engine, programs) === null;
      const hash = hashOf({ command: command(0), gpus, ours, env });
      specs.push({
        name: id,
        role: 'engine',
        hash,
        gpus,
        ours,
        host: '127.0.0.1',
        port: null,
        dialect: logDialect(engine, programs),
        command,
      });
    }
  }
  return [...specs, gatewaySpec(plan, options)];
}

/** The declared variables with their values; one that nobody set is left out. */
export function resolveEnv(
  declared: Command['env'],
  env: Environment,
): Readonly<Record<string, string>> {
  const entries = Object.entries(declared).map(
    ([name, value]) => [name, value ?? env[name]] as const,
  );
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The variables whose values the plan leaves to whoever starts the stack. */
export function passedVariables(plan: StackPlan): readonly string[] {
  const engines = plan.services.flatMap((service) =>
    service.replicas.map((replica) => replica.engine),
  );
  const declared = engines.flatMap((engine) => ('url' in engine ? [] : Object.entries(engine.env)));
  return [...new Set(declared.filter(([, value]) => value === null).map(([name]) => name))];
}

/** The gateway follows its configuration file by itself, so only what it is started with counts. */
function gatewaySpec(
  plan: StackPlan,
  { directory, programs, env, timing }: UnitSpecsOptions,
): UnitSpec {
  const { listen, httpPort } = plan.gateway;
  const workers = mostWorkers(plan);
  const command: Command = {
    file: process.execPath,
    args: [...WORKER_NODE_FLAGS, programs.worker],
    env: {
      NODE_COMPILE_CACHE: workerCompileCache(programs.worker),
      LLM_OPS_WORKER_CONFIG: workerDirectory(directory),
      LLM_OPS_HOST: listen,
      LLM_OPS_PORT: String(httpPort),
      LLM_OPS_DRAIN_MS: String(Math.max(0, timing.graceMs - LAST_WORDS_MS)),
      ...(workers !== 1 && { LLM_OPS_WORKERS: String(workers) }),
    },
  };
  return {
    name: GATEWAY,
    role: 'worker',
    hash: hashOf({ command, gpus: [], ours: true, env }),
    gpus: [],
    ours: true,
    host: listen,
    port: httpPort,
    dialect: null,
    command: () => command,
  };
}

/** Here one worker serves all services: it has as many processes as the one of them that wants most. */
function mostWorkers({ services }: StackPlan): WorkerCount {
  const wanted = services.map(({ workers }) => workers);
  const numbers = wanted.filter((count) => count !== 'auto');
  return numbers.length < wanted.length ? 'auto' : Math.max(1, ...numbers);
}

type HashParts = {
  readonly command: Command;
  readonly gpus: readonly string[];
  readonly ours: boolean;
  readonly env: Environment;
};

function hashOf({ command, gpus, ours, env }: HashParts): string {
  const variables = Object.entries(resolveEnv(command.env, env)).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  // Programs of our own change with the product.
  const parts = [command.file, command.args, variables, gpus, ours ? VERSION : null];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
