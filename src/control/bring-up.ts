/** Makes a stack run and waits until it serves. */
import { LlmOpsError } from '../errors.ts';
import { assertPortFree } from '../local/process/free-port.ts';
import { diffUnits, type ObservedUnit, type Operation } from '../plan/diff.ts';
import type { Report, Runtime } from '../plan/runtime.ts';
import type { StackPlan } from '../plan/stack-plan.ts';
import { askReadiness, gatewayAnswers, type Readiness } from './ask-readiness.ts';
import { followProgress } from './follow-progress.ts';
import { frontDoor } from './front-door.ts';
import type { LocalRuntime } from './runtimes.ts';
import { waitUntilReady, type WaitOutcome } from './wait-until-ready.ts';

export type WaitContext = {
  readonly onChange: (service: string, readiness: Readiness) => void;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

const POLL_INTERVAL_MS = 500;
const WITHOUT_GATEWAY: Readiness = {
  isReady: false,
  state: 'starting',
  detail: 'ready, but the gateway does not answer yet',
};

/** What `up` has to do, each operation with its cause. */
export async function planOperations(
  runtime: Runtime,
  plan: StackPlan,
): Promise<readonly Operation[]> {
  const [desired, observed] = await Promise.all([runtime.desired(plan), runtime.observe()]);
  return diffUnits(desired, observed);
}

/**
 * Throws `port_in_use` before anything is made, where Docker would find out only after it made everything else. A front door that runs
 * already holds its own ports. Other reasons are Docker's to know: it may open ports that this user may not.
 */
export async function assertFrontDoorFree(runtime: Runtime, plan: StackPlan): Promise<void> {
  // The local runtime looks at its one port itself.
  if (runtime.kind !== 'docker') return;
  const isHolder = (unit: ObservedUnit): boolean =>
    unit.name === 'traefik' && unit.state !== 'stopped';
  if ((await runtime.observe()).some(isHolder)) return;
  const { listen, httpPort, httpsPort, tls } = plan.gateway;
  const wanted = [
    { listen, port: httpPort, setting: 'gateway.http_port' },
    ...(tls.kind === 'off' ? [] : [{ listen, port: httpsPort, setting: 'gateway.https_port' }]),
  ];
  for (const port of wanted) {
    try {
      await assertPortFree(port);
    } catch (error) {
      if (error instanceof LlmOpsError && error.details['code'] === 'EADDRINUSE') throw error;
    }
  }
}

/**
 * Waits for all services of a stack that was applied, and for the gateway behind them, which Docker's front door leaves aside until it is
 * healthy: a stack whose wrong addresses get a stranger's 404 is not up. Lets its workers tell meanwhile how far their engines are. Units that
 * the plan does not know are nobody's hindrance.
 */
export async function waitForStack(
  runtime: Runtime,
  plan: StackPlan,
  context: WaitContext,
): Promise<WaitOutcome> {
  const door = frontDoor(plan.gateway, runtime.kind);
  const wanted = new Set((await runtime.desired(plan)).map((unit) => unit.name));
  const waiting = new Set(plan.services.map((service) => service.name));
  let isGatewayUp = false;
  const over = new AbortController();
  const following = followProgress(runtime, plan, {
    isWaitedFor: (service) => waiting.has(service),
    signal: over.signal,
  });
  try {
    return await waitUntilReady({
      ...context,
      services: [...waiting],
      ask: async (service, signal) => {
        const told = await askReadiness(door, service, signal);
        const readiness =
          told.isHidden === true
            ? byEngines(told, await runtime.observe(), enginesOf(plan, service))
            : told;
        if (!readiness.isReady || isGatewayUp) return readiness;
        isGatewayUp = await gatewayAnswers(door, signal);
        return isGatewayUp ? readiness : WITHOUT_GATEWAY;
      },
      observe: async () => (await runtime.observe()).filter((unit) => wanted.has(unit.name)),
      onChange: (service, readiness) => {
        if (readiness.isReady) waiting.delete(service);
        else waiting.add(service);
        context.onChange(service, readiness);
      },
      intervalMs: POLL_INTERVAL_MS,
    });
  } finally {
    over.abort();
    await following;
  }
}

/** What a worker does not tell without a token, its engines' own health does: one that runs takes requests. Pure. */
export function byEngines(
  readiness: Readiness,
  units: readonly ObservedUnit[],
  engines: ReadonlySet<string>,
): Readiness {
  const found = units.filter(({ name }) => engines.has(name));
  if (found.length === 0 || found.some(({ state }) => state === 'running')) return readiness;
  return { ...readiness, isReady: false, state: 'starting' };
}

/** Those that we start. */
function enginesOf({ services }: StackPlan, name: string): ReadonlySet<string> {
  const replicas = services.find((service) => service.name === name)?.replicas ?? [];
  return new Set(replicas.filter(({ engine }) => !('url' in engine)).map(({ id }) => id));
}

export type ForegroundOptions = {
  readonly plan: StackPlan;
  readonly report: Report;
  /** Aborted: end the stack and return. */
  readonly signal: AbortSignal;
  /** Runs once the units are started; what it throws ends the stack. */
  readonly whenStarted: (signal: AbortSignal) => Promise<void>;
};

/** Keeps a stack in this process until the signal is aborted. Throws what starting or `whenStarted` threw, after the stack has ended. */
export async function keepInForeground(
  runtime: LocalRuntime,
  { plan, report, signal, whenStarted }: ForegroundOptions,
): Promise<void> {
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const watches: Promise<void>[] = [];
  const onStarted = () => {
    const watching = whenStarted(ends);
    watching.catch(() => over.abort());
    watches.push(watching);
  };
  try {
    await runtime.runForeground(plan, { report, signal: ends, onStarted });
  } finally {
    over.abort();
  }
  await Promise.all(watches);
}
