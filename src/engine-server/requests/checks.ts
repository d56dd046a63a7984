import type { TextSource } from '../text-source.ts';
import { refusals } from './refusals.ts';

/** Throws `model_mismatch`. A request that names no model gets the one that is served. */
export function checkModel(asked: string | null | undefined, served: string): void {
  if (asked === undefined || asked === null || asked === '' || asked === served) return;
  throw refusals.model(asked, served);
}

/** Throws `param_out_of_range` for an id that is no token. */
export function checkTokenIds(tokens: readonly number[], source: TextSource): void {
  const wrong = tokens.find((token) => token < 0 || token >= source.vocabularySize);
  if (wrong !== undefined) throw refusals.unknownToken(wrong);
}
