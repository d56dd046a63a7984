/** Owns all processes of one stack: makes them be what the plan says, and says in the state file what there is. */
import { LlmOpsError } from '../../errors.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import { VERSION } from '../../version.ts';
import { isPortFree, takeFreePort } from '../process/free-port.ts';
import { acquireLock } from '../process/lock-file.ts';
import { identify, type ProcessIdentity } from '../process/process-identity.ts';
import { logPath, makeStateDirectory, supervisorLockPath } from '../state/state-directory.ts';
import { type LocalState, writeState } from '../state/state-file.ts';
import type { Timing } from '../timing.ts';
import type { Programs } from '../units/engine-command.ts';
import { type Environment, resolveEnv, type UnitSpec, unitSpecs } from '../units/unit-specs.ts';
import { endOrphans } from './end-orphans.ts';
import { EngineProgress } from './engine-progress.ts';
import { type EngineRole, type Launch, SupervisedChild } from './supervised-child.ts';
import { writeWorkerConfig } from './worker-config-file.ts';

export type SupervisorOptions = {
  readonly directory: string;
  readonly timing: Timing;
  readonly mode: LocalState['supervisor']['mode'];
  /** The environment of the children. */
  readonly env: Environment;
  /** Something went wrong that stops nobody: the state file could not be written, say. */
  readonly onProblem: (error: unknown) => void;
  /** The state is another one. */
  readonly onChange?: () => void;
};

export type Order = {
  readonly id: string;
  readonly plan: StackPlan;
  /** What to start engines with, as the command line found it. */
  readonly programs: Programs;
};

type OwnedUnit = { readonly spec: UnitSpec; readonly child: SupervisedChild };

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #self: ProcessIdentity;
  readonly #progress: EngineProgress;
  readonly #units = new Map<string, OwnedUnit>();
  /** Where each engine listens, or did last. */
  readonly #ports = new Map<string, number>();
  #env: Environment;
  #order: Order | null = null;
  #job: string | null = null;
  #failure: LocalState['failure'] = null;
  #work: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  #release: () => void = () => undefined;

  constructor(options: SupervisorOptions) {
    const self = identify(process.pid);
    if (self === null)
      throw new LlmOpsError('internal', 'this process cannot find out when it started');
    this.#self = self;
    this.#options = options;
    this.#progress = new EngineProgress(options.directory, options.onProblem);
    this.#env = options.env;
  }

  /**
   * Ends what a killed supervisor left behind, then starts everything. Returns when each child was tried to be started. Throws
   * `already_running` while another supervisor has the stack.
   */
  async start(order: Order): Promise<void> {
    const { directory, timing } = this.#options;
    makeStateDirectory(directory);
    this.#release = acquireLock(supervisorLockPath(directory), 'this stack runs already');
    await this.#afterOthers(async () => {
      await endOrphans(directory, timing);
      await this.#become(order);
    });
  }

  /**
   * Makes a new plan real, with variables that are others by now (null: not set). Units that did not change keep their processes; one
   * that waits for its next start gets it now.
   */
  async apply(order: Order, variables: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#afterOthers(async () => {
      const env: Record<string, string | undefined> = { ...this.#env };
      for (const [name, value] of Object.entries(variables)) env[name] = value ?? undefined;
      this.#env = env;
      try {
        await this.#become(order);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        this.#failure = { job: order.id, text };
        this.#save();
        throw error;
      }
    });
  }

  /** Ends everything, the gateway first, so that requests under way still have their engines. Never starts anything again. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#end();
    await this.#stopping;
  }

  get state(): LocalState {
    return {
      version: VERSION,
      supervisor: { ...this.#self, mode: this.#options.mode },
      job: this.#job,
      failure: this.#failure,
      listen: this.#order?.plan.gateway.listen ?? '',
      httpPort: this.#order?.plan.gateway.httpPort ?? 0,
      units: [...this.#units.values()].map(({ spec, child }) => ({
        name: spec.name,
        role: spec.role,
        hash: spec.hash,
        gpus: [...spec.gpus],
        ...child.status,
      })),
    };
  }

  /** One change at a time; after `stop` none. */
  async #afterOthers(change: () => Promise<void>): Promise<void> {
    const mine = this.#work.then(async () => {
      if (this.#stopping === null) await change();
    });
    this.#work = mine.catch(() => undefined);
    await mine;
  }

  async #become(order: Order): Promise<void> {
    const { id, plan, programs } = order;
    const specs = unitSpecs(plan, { ...this.#options, programs, env: this.#env });
    const wanted = new Map(specs.map((spec) => [spec.name, spec]));
    this.#order = order;
    for (const spec of specs) if (spec.role === 'engine') await this.#assignPort(spec.name);
    // First no new request goes to an engine that leaves, then it ends.
    this.#tellGateway();
    await Promise.all(
      [...this.#units.values()].map(async ({ spec, child }) => {
        if (wanted.get(spec.name)?.hash === spec.hash) return;
        await child.stop();
        this.#units.delete(spec.name);
        if (!wanted.has(spec.name)) this.#ports.delete(spec.name);
      }),
    );
    if (this.#stopping !== null) return;
    await Promise.all(specs.map((spec) => this.#startOrKeep(spec)));
    this.#job = id;
    this.#save();
  }

  async #startOrKeep(spec: UnitSpec): Promise<void> {
    const there = this.#units.get(spec.name);
    if (there !== undefined) {
      // Units are listed in the plan's order.
      this.#units.delete(spec.name);
      this.#units.set(spec.name, there);
      there.child.hurry();
      return;
    }
    const { directory, timing } = this.#options;
    const env = this.#env;
    const child = new SupervisedChild({
      launch: () => this.#launch(spec, env),
      engine: spec.role === 'engine' ? this.#engineRole(spec) : null,
      logPath: logPath(directory, spec.name),
      timing,
      onChange: () => this.#save(),
    });
    this.#units.set(spec.name, { spec, child });
    await child.start();
  }

  #engineRole({ name, dialect }: UnitSpec): EngineRole {
    return { dialect, onProgress: (phrase) => this.#progress.tell(name, phrase) };
  }

  async #launch(spec: UnitSpec, env: Environment): Promise<Launch> {
    const port = spec.port ?? (await this.#assignPort(spec.name));
    this.#tellGateway();
    const { file, args, env: declared } = spec.command(port);
    const { ours, host } = spec;
    return { file, args, env: { ...env, ...resolveEnv(declared, env) }, ours, host, port };
  }

  /** The engine's port of last time unless somebody took it meanwhile. */
  async #assignPort(name: string): Promise<number> {
    const before = this.#ports.get(name);
    const runs = (this.#units.get(name)?.child.status.pid ?? null) !== null;
    if (before !== undefined && (runs || (await isPortFree('127.0.0.1', before)))) return before;
    const port = await takeFreePort(new Set(this.#ports.values()));
    this.#ports.set(name, port);
    return port;
  }

  #tellGateway(): void {
    if (this.#order === null) return;
    writeWorkerConfig(this.#options.directory, { ...this.#order, ports: this.#ports });
  }

  async #end(): Promise<void> {
    await this.#work;
    const units = [...this.#units.values()];
    for (const role of ['worker', 'engine'] as const) {
      const some = units.filter(({ spec }) => spec.role === role);
      await Promise.all(some.map(({ child }) => child.stop()));
    }
    this.#release();
  }

  #save(): void {
    this.#options.onChange?.();
    try {
      writeState(this.#options.directory, this.state);
    } catch (error) {
      this.#options.onProblem(error);
    }
  }
}
