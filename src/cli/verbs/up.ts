/** `up`: makes the stack run as the file says, and waits until it serves. */
import { LlmOpsError } from '../../errors.ts';
import type { RuntimeKind } from '../../plan/runtime.ts';
import { bringStackUp, holdStackUp } from '../stack/bring-stack-up.ts';
import { type CliContext, type CommonOptions, commandFor } from '../cli-context.ts';
import type { ExitStatus } from '../exit-code.ts';
import { loadPlannedStack } from '../stack/load-stack.ts';
import { openForUp } from '../stack/open-stack.ts';

export type UpOptions = CommonOptions & {
  readonly runtime?: RuntimeKind;
  readonly foreground: boolean;
  readonly port?: number;
  /** Milliseconds. */
  readonly timeout: number;
};

export async function up(options: UpOptions, context: CliContext): Promise<ExitStatus> {
  const { foreground, json, timeout } = options;
  if (foreground && options.runtime === 'docker') {
    throw new LlmOpsError(
      'usage',
      '--foreground keeps processes of this machine in the terminal: it does not go with --runtime docker',
      {
        hint: 'Leave it out; llm-ops logs --follow shows what the containers say.',
      },
    );
  }
  const stack = await loadPlannedStack(options, context);
  const runtime = await openForUp(context, stack.place, foreground ? 'local' : options.runtime);
  const common = { stack, timeoutMs: timeout, json };
  if (foreground) {
    const summary = { look: commandFor('ps', options, context), end: 'Ctrl-C', requests: null };
    return holdStackUp(
      (await context.runtimes()).local(stack.place),
      { ...common, summary },
      context,
    );
  }
  const look =
    runtime.kind === 'docker'
      ? `docker compose -p ${stack.plan.name} ps`
      : commandFor('ps', options, context);
  const summary = {
    look,
    end: commandFor('down', { file: options.file }, context),
    requests: null,
  };
  return bringStackUp(runtime, { ...common, summary }, context);
}
