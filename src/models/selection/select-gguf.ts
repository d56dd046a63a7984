/** Which GGUF of a repository is meant. llama-server's rule (`find_best_model` in its `common/download.cpp`), but never by mere order. */
import { LlmOpsError } from '../../errors.ts';
import { ggufParts, isFirstPart } from './gguf-parts.ts';
import { listNames } from './list-names.ts';

/** Taken when nothing is said, in this order. */
const PREFERRED = ['Q4_K_M', 'Q8_0'];
/** Parts of other models' equipment, no models themselves: image projectors, importance matrices, drafts. */
const NO_MODEL = /(^|\/)[^/]*(mmproj|imatrix|mtp-|eagle3-|dflash-|dspark-)[^/]*$/i;

/**
 * The files of one model in order, the first being the one that an engine opens. `wanted` is a file of `paths`, a quantization, or null.
 * `what` names the repository in messages. Throws `model_not_found` with the choices.
 */
export function selectGguf(
  paths: readonly string[],
  wanted: string | null,
  what: string,
): readonly string[] {
  const parts = ggufParts(chooseGguf(paths, wanted, what));
  const missing = parts.filter((part) => !paths.includes(part));
  if (missing.length === 0) return parts;
  throw new LlmOpsError('model_not_found', `${what} has no file ${listNames(missing)}.`, {
    hint: choices(modelsIn(paths), paths),
  });
}

/** The (first) file of it; not whether it is there when `wanted` names one. Throws as `selectGguf`. */
export function chooseGguf(paths: readonly string[], wanted: string | null, what: string): string {
  const isName = wanted?.toLowerCase().endsWith('.gguf') === true;
  return isName ? (ggufParts(wanted)[0] ?? wanted) : chooseModel(modelsIn(paths), wanted, what);
}

/** GGUF files that are models, of split ones the first part. */
export function modelsIn(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => /\.gguf$/i.test(path) && !NO_MODEL.test(path) && isFirstPart(path));
}

function chooseModel(models: readonly string[], wanted: string | null, what: string): string {
  for (const quantization of wanted === null ? PREFERRED : [wanted]) {
    const found = carriersOf(quantization, models);
    if (found.length > 1)
      throw undecided(`${what} has several GGUF files for ${quantization}.`, models);
    if (found[0] !== undefined) return found[0];
  }
  if (wanted !== null) throw undecided(`${what} has no GGUF file for ${wanted}.`, models);
  const [only, ...more] = models;
  if (only === undefined) throw undecided(`${what} has no GGUF file.`, models);
  if (more.length === 0) return only;
  throw undecided(
    `${what} has several GGUF files, none of them ${PREFERRED.join(' or ')}.`,
    models,
  );
}

/**
 * Files that carry the quantization as a whole word. A name goes on after `_` (`Q4_K` is no `Q4_K_M`), so that an end at `_` counts only
 * where no name ends properly.
 */
function carriersOf(quantization: string, models: readonly string[]): readonly string[] {
  const word = `(^|[-._/])${quantization.replaceAll(/[^\w-]/g, String.raw`\$&`)}`;
  const strict = new RegExp(`${word}(?=[-./])`, 'i');
  const found = models.filter((model) => strict.test(model));
  if (found.length > 0) return found;
  const loose = new RegExp(`${word}(?=_)`, 'i');
  return models.filter((model) => loose.test(model));
}

function undecided(message: string, models: readonly string[]): LlmOpsError {
  return new LlmOpsError('model_not_found', message, {
    hint: choices(models, []),
    details: { choices: models },
  });
}

function choices(models: readonly string[], paths: readonly string[]): string {
  if (models.length > 0)
    return `Name one after the id, such as \`org/name:file.gguf\` or \`org/name:Q4_K_M\`. It has ${listNames(models)}.`;
  return paths.length === 0
    ? 'llama.cpp needs a GGUF; look for a repository whose name ends in -GGUF.'
    : `It has ${listNames(paths)}.`;
}
