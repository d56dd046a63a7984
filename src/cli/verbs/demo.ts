/** `demo`: a small model and two simulated ones in this terminal, to try the requests of the documentation. */
import { join } from 'node:path';

import type { ServiceConfig, StackConfig } from '../../config/stack-config.ts';
import type { LocalRuntime } from '../../control/runtimes.ts';
import { type ErrorCode, LlmOpsError } from '../../errors.ts';
import { planStack } from '../../plan/plan-stack.ts';
import type { CliContext, CommonOptions } from '../cli-context.ts';
import type { ExitStatus } from '../exit-code.ts';
import { DEMO_REQUESTS } from '../output/curl-requests.ts';
import { showPulling } from '../output/show-pulling.ts';
import { type BringStackUpOptions, holdStackUp, reportTo } from '../stack/bring-stack-up.ts';
import { type DemoModel, findDemoModel, inOneLine } from '../stack/demo-model.ts';
import { loadStack, type NamedStack } from '../stack/load-stack.ts';
import { locateModels } from '../stack/prepare-plan.ts';

export type DemoOptions = Pick<CommonOptions, 'json' | 'verbose'> & { readonly port?: number };

const READY_TIMEOUT_MS = 120_000;

/** What a machine says on which the model or its engine cannot be had: there the simulator does as well. */
const CANNOT_RUN: ReadonlySet<ErrorCode> = new Set(['engine_missing', 'start_failed', 'disk_full']);

export async function demo(options: DemoOptions, context: CliContext): Promise<ExitStatus> {
  const stack = await loadDemo(options, context);
  const runtime = (await context.runtimes()).local(stack.place);
  if ((await runtime.observe()).some((unit) => unit.state !== 'stopped')) {
    throw new LlmOpsError(
      'already_running',
      `a demo runs already on port ${String(stack.config.gateway.httpPort)}`,
      {
        hint: 'End it with Ctrl-C where it runs, or choose another port with --port.',
      },
    );
  }
  const signal = context.interruption();
  const hold = (config: StackConfig): Promise<ExitStatus> =>
    holdStackUp(runtime, toHold({ config, place: stack.place }, options), context);
  const simulate = (problem: string): Promise<ExitStatus> => {
    for (const { name } of stack.config.services.filter(isReal))
      context.terminal.note(`${name} is simulated, since the model cannot run here: ${problem}`);
    return hold(replaceReal(stack.config, { engine: 'sim', source: null }));
  };
  const found = await findReal(runtime, { stack, signal }, context);
  if (found === null) {
    context.terminal.note('Everything has ended.');
    return 0;
  }
  if ('problem' in found) return simulate(found.problem);
  try {
    return await hold(replaceReal(stack.config, { source: found.source }));
  } catch (error) {
    // Its processes have ended again by now.
    if (!(error instanceof LlmOpsError) || !CANNOT_RUN.has(error.code)) throw error;
    return simulate(inOneLine(error));
  }
}

async function loadDemo({ port }: DemoOptions, context: CliContext): Promise<NamedStack> {
  const file = join(context.productRoot, 'templates/demo.yml');
  const { config, place } = await loadStack({ file, port }, context);
  // Demos on different ports run side by side.
  const state = port === undefined ? 'demo' : `demo-${String(port)}`;
  return { config, place: { ...place, directory: join(context.productRoot, '.llm-ops', state) } };
}

function toHold({ config, place }: NamedStack, { json }: DemoOptions): BringStackUpOptions {
  return {
    // Nothing of it needs a GPU: nobody has to look for one.
    stack: { config, place, plan: planStack(config, { gpus: null }) },
    timeoutMs: READY_TIMEOUT_MS,
    json,
    summary: { look: null, end: 'Ctrl-C', requests: DEMO_REQUESTS },
  };
}

/** The source of the real model, which is here then, or why it cannot run; null: interrupted. */
async function findReal(
  runtime: LocalRuntime,
  { stack, signal }: { readonly stack: NamedStack; readonly signal: AbortSignal },
  context: CliContext,
): Promise<DemoModel | null> {
  const [real] = stack.config.services.filter(isReal);
  if (real?.source == null) throw new LlmOpsError('internal', 'the demo has no real model');
  const { name, source: hub } = real;
  const plan = await locateModels(
    planStack(stack.config, { gpus: null }),
    { runtime: 'local' },
    context,
  );
  const display = showPulling(context.terminal);
  try {
    await runtime.check(plan);
    const found = await findDemoModel({
      store: await context.modelStore(),
      hub,
      signal,
      onProgress: (progress) => display.onProgress(name, progress),
    });
    await display.end('source' in found);
    const report = reportTo(context);
    if ('source' in found) await runtime.fetchBuiltIn({ report, signal });
    return found;
  } catch (error) {
    await display.end(false);
    if (signal.aborted) return null;
    if (error instanceof LlmOpsError && CANNOT_RUN.has(error.code))
      return { problem: inOneLine(error) };
    throw error;
  }
}

function isReal({ engine }: ServiceConfig): boolean {
  return engine === 'llama.cpp';
}

function replaceReal(config: StackConfig, facts: Partial<ServiceConfig>): StackConfig {
  const services = config.services.map((service) =>
    isReal(service) ? { ...service, ...facts } : service,
  );
  return { ...config, services };
}
