/** What `up` and `demo` do with a planned stack: say what will happen, do it, wait, and say how to use it. */
import {
  assertFrontDoorFree,
  keepInForeground,
  planOperations,
  waitForStack,
} from '../../control/bring-up.ts';
import { frontDoor } from '../../control/front-door.ts';
import type { LocalRuntime } from '../../control/runtimes.ts';
import { printOperations } from '../../plan/print-plan.ts';
import type { Report, Runtime } from '../../plan/runtime.ts';
import type { CliContext } from '../cli-context.ts';
import type { ExitStatus } from '../exit-code.ts';
import type { PlannedStack } from './load-stack.ts';
import { warn } from './load-stack.ts';
import { printSummary, type Summary } from '../output/print-summary.ts';
import { showWaiting } from '../output/show-waiting.ts';
import { fetchModels, locateModels } from './prepare-plan.ts';
import { toStartFailure } from './start-failure.ts';

export type BringStackUpOptions = {
  readonly stack: PlannedStack;
  readonly timeoutMs: number;
  readonly json: boolean;
  /** What the summary says about ending the stack, and which requests it shows. */
  readonly summary: Pick<Summary, 'look' | 'end' | 'requests'>;
};

/** Starts a stack that stays when this process ends. */
export async function bringStackUp(
  runtime: Runtime,
  asked: BringStackUpOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const signal = context.interruption();
  const options = await prepare(runtime, asked, { context, signal });
  if (options === null) {
    context.terminal.note('Interrupted. Nothing was changed.');
    return 130;
  }
  const { plan } = options.stack;
  await announce(runtime, options, context);
  try {
    // Even where no unit changes, what the running ones read may.
    await runtime.apply(plan, { report: reportTo(context), signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const isReady =
    !signal.aborted &&
    (await waitAndTell(runtime, options, { context, signal, hint: staysHint(options) }));
  if (isReady) return 0;
  const isLeft = (await runtime.observe()).length > 0;
  context.terminal.note(`Interrupted. ${isLeft ? staysHint(options) : 'Nothing of it runs.'}`);
  return 130;
}

/** Keeps a stack in this process until it is interrupted, which is its ordinary end. */
export async function holdStackUp(
  runtime: LocalRuntime,
  asked: BringStackUpOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const signal = context.interruption();
  const options = await prepare(runtime, asked, { context, signal });
  if (options !== null) {
    await announce(runtime, options, context);
    await keepInForeground(runtime, {
      plan: options.stack.plan,
      report: reportTo(context),
      signal,
      whenStarted: async (ends) => {
        await waitAndTell(runtime, options, { context, signal: ends, hint: 'It was ended again.' });
      },
    });
  }
  context.terminal.note('Everything has ended.');
  return 0;
}

/** Everything that can fail before the first unit is made: what the runtime would refuse, the ports, the models. null: interrupted. */
async function prepare(
  runtime: Runtime,
  options: BringStackUpOptions,
  { context, signal }: Omit<WaitSurroundings, 'hint'>,
): Promise<BringStackUpOptions | null> {
  const { plan } = options.stack;
  await runtime.check(await locateModels(plan, { runtime: runtime.kind }, context));
  await assertFrontDoorFree(runtime, plan);
  try {
    const prepared = await fetchModels(plan, { runtime: runtime.kind, signal }, context);
    return { ...options, stack: { ...options.stack, plan: prepared } };
  } catch (error) {
    if (!signal.aborted) throw error;
    return null;
  }
}

async function announce(
  runtime: Runtime,
  { stack }: BringStackUpOptions,
  context: CliContext,
): Promise<void> {
  for (const warning of stack.plan.warnings) warn(context, warning);
  const operations = await planOperations(runtime, stack.plan);
  context.terminal.note(
    operations.length === 0
      ? `${stack.plan.name} runs as the file says: nothing to change.`
      : printOperations(operations).trimEnd(),
  );
}

type WaitSurroundings = {
  readonly context: CliContext;
  readonly signal: AbortSignal;
  /** For the reader of a failure: what became of the stack. */
  readonly hint: string;
};

/** True when all is ready and the summary printed, false when interrupted. Throws `start_failed`. */
async function waitAndTell(
  runtime: Runtime,
  { stack, timeoutMs, json, summary }: BringStackUpOptions,
  { context, signal, hint }: WaitSurroundings,
): Promise<boolean> {
  const { terminal } = context;
  const { plan, place } = stack;
  const display = showWaiting(
    terminal,
    plan.services.map((service) => service.name),
  );
  const outcome = await waitForStack(runtime, plan, {
    onChange: display.onChange,
    timeoutMs,
    signal,
  }).finally(() => display.end());
  if (outcome.kind === 'interrupted') return false;
  if (outcome.kind !== 'ready')
    throw await toStartFailure(runtime, { plan, outcome, timeoutMs, hint });
  const door = frontDoor(plan.gateway, runtime.kind);
  const services = plan.services.map((service) => service.name);
  const facts: Summary = {
    ...summary,
    runtime: runtime.kind,
    directory: place.directory,
    door,
    services,
  };
  terminal.out(printSummary(facts, json));
  return true;
}

function staysHint({ summary: { look, end } }: BringStackUpOptions): string {
  return `What was started keeps running: ${look === null ? '' : `${look} shows it, `}${end} ends it.`;
}

export function reportTo({ terminal }: CliContext): Report {
  return ({ unit, text }) => terminal.note(unit === undefined ? text : `${unit}: ${text}`);
}
