/** What a verb's argument SOURCE means, and in which form the model is wanted. */
import { type ModelSource, parseModelSource } from '../../../config/values/model-source.ts';
import { LlmOpsError } from '../../../errors.ts';
import type { ModelForm } from '../../../models/model-store.ts';
import type { CommonOptions } from '../../cli-context.ts';

export type ModelOptions = Pick<CommonOptions, 'json' | 'verbose'>;

export type SourceOptions = ModelOptions & {
  /** As `source` in the configuration; paths are relative to the current directory. */
  readonly source: string;
};

export type FormOptions = { readonly form?: ModelForm };

/** Throws `usage`. */
export function readSource(text: string): ModelSource {
  try {
    return parseModelSource(text, process.cwd());
  } catch (error) {
    if (!(error instanceof LlmOpsError)) throw error;
    const { message, hint } = error;
    const facts = {
      param: 'SOURCE',
      cause: error,
      // A running engine's `url` is a matter of the configuration.
      ...(hint === null ? {} : { hint: `Write ${hint.replace(/^.*; else /, '')}.` }),
    };
    throw new LlmOpsError('usage', message, facts);
  }
}

/** The forms to try, the likelier one first, where the user names none. */
export function formsFor(
  source: ModelSource,
  asked: ModelForm | undefined,
): readonly [ModelForm, ...ModelForm[]] {
  if (asked !== undefined) return [asked];
  // A file of the hub is always a GGUF, be it named or chosen by its quantization.
  if (source.kind === 'hub')
    return source.file !== null ? ['gguf'] : byName(source.id.toLowerCase().endsWith('-gguf'));
  return source.path.toLowerCase().endsWith('.gguf') ? ['gguf'] : ['directory'];
}

function byName(isGguf: boolean): readonly [ModelForm, ModelForm] {
  return isGguf ? ['gguf', 'directory'] : ['directory', 'gguf'];
}
