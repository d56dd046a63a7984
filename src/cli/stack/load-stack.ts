/** From the options of a verb to the stack that they mean. */
import { basename, join } from 'node:path';

import { loadStackConfig } from '../../config/load-stack-config.ts';
import { loadStackName, loadTemplateDirectory } from '../../config/load-stack-name.ts';
import type { StackConfig } from '../../config/stack-config.ts';
import type { StackPlace } from '../../control/runtimes.ts';
import { planStack } from '../../plan/plan-stack.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import type { CliContext } from '../cli-context.ts';
import { listAllTemplates } from './choose-plan-templates.ts';

export type StackOptions = {
  readonly file: string;
  /** Takes the place of `gateway.http_port`. */
  readonly port?: number | undefined;
};

export type NamedStack = {
  readonly config: StackConfig;
  readonly place: StackPlace;
};

export type PlannedStack = NamedStack & { readonly plan: StackPlan };

/** Loads the configuration file. Throws `config_invalid` with all problems. */
export async function loadStack(options: StackOptions, context: CliContext): Promise<NamedStack> {
  const templates = await listAllTemplates(await loadTemplateDirectory(options.file), context);
  const { config: loaded, directory } = await loadStackConfig(options.file, { templates });
  const config =
    options.port === undefined
      ? loaded
      : { ...loaded, gateway: { ...loaded.gateway, httpPort: options.port } };
  return { config, place: placeOf(options.file, { name: config.name, directory }) };
}

/** Where a stack is, from its name alone: the rest of the file may be broken by now. */
export async function loadPlace({ file }: StackOptions): Promise<StackPlace> {
  return placeOf(file, await loadStackName(file));
}

function placeOf(
  file: string,
  { name, directory }: { readonly name: string; readonly directory: string },
): StackPlace {
  return { name, directory: join(directory, '.llm-ops', name), origin: basename(file) };
}

/** Loads, and plans for this machine. */
export async function loadPlannedStack(
  options: StackOptions,
  context: CliContext,
): Promise<PlannedStack> {
  const stack = await loadStack(options, context);
  const { host, problem } = await context.observeHost();
  if (problem !== null) warn(context, problem);
  return { ...stack, plan: planStack(stack.config, host) };
}

/** Loads, and plans without asking this machine for its GPUs: enough to know the names and addresses. */
export async function loadOutlinedStack(
  options: StackOptions,
  context: CliContext,
): Promise<PlannedStack> {
  const stack = await loadStack(options, context);
  return { ...stack, plan: planStack(stack.config, { gpus: null }) };
}

export function warn({ terminal }: CliContext, text: string): void {
  terminal.note(`${terminal.paint('yellow', 'warning:')} ${text}`);
}
