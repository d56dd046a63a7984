/** Which files of a repository an engine needs that loads a directory (vLLM, TGI, SGLang): what transformers reads, and one set of weights. */
import { LlmOpsError } from '../../errors.ts';
import { listNames } from './list-names.ts';

/** Configuration, tokenizer, chat templates, code of the model; not what people read. */
const EQUIPMENT = /\.(json|jinja|model|tiktoken|txt|py)$/i;
/** Other forms of the same model, and hidden files. */
const ELSEWHERE = /^(original|onnx)\/|(^|\/)\./i;
const FOR_PEOPLE = /(^|\/)(licen[cs]e|notice|readme|requirements)[^/]*\.txt$/i;
/** What training left behind. */
const OF_TRAINING = /^(training_args|optimizer|scheduler|rng_state)/i;

/** Paths in their order. `what` names the repository in messages. Throws `model_not_found` when there are no weights. */
export function selectDirectory(paths: readonly string[], what: string): readonly string[] {
  const weights = weightsIn(paths);
  if (weights.length === 0)
    throw new LlmOpsError('model_not_found', `${what} has no weights in the form of safetensors.`, {
      hint: paths.some((path) => /\.gguf$/i.test(path))
        ? 'It has GGUF files: use `engine: llama.cpp`.'
        : `It has ${paths.length === 0 ? 'no files' : listNames(paths)}.`,
    });
  return paths.filter((path) => weights.includes(path) || isEquipment(path));
}

/** The weights at the top of a repository: safetensors, and only without them pickled ones. */
export function weightsIn(paths: readonly string[]): readonly string[] {
  const atTop = paths.filter((path) => !path.includes('/') && !path.startsWith('.'));
  const safetensors = atTop.filter((path) => /\.safetensors$/i.test(path));
  if (safetensors.length > 0) return safetensors;
  return atTop.filter((path) => /\.(bin|pth)$/i.test(path) && !OF_TRAINING.test(path));
}

function isEquipment(path: string): boolean {
  return EQUIPMENT.test(path) && !ELSEWHERE.test(path) && !FOR_PEOPLE.test(path);
}
