import type { ModelForm } from '../model-store.ts';
import { selectDirectory } from './select-directory.ts';
import { selectGguf } from './select-gguf.ts';

/** What of a repository is wanted. A named file is always a GGUF, whoever loads it. Throws `model_not_found` with what is there. */
export function selectFiles(
  paths: readonly string[],
  form: ModelForm,
  file: string | null,
  what: string,
): readonly string[] {
  return form === 'gguf' || file !== null
    ? selectGguf(paths, file, what)
    : selectDirectory(paths, what);
}
