/**
 * The one difference that is in every recorded request. The originals add the model's end token to what stops an answer, its text
 * among the stop strings (and FastChat's its id): engines of today stop at it by themselves, and a text that only looks like it
 * is none.
 */
import assert from 'node:assert/strict';
import type { Fields } from './recorded.ts';

const TEXT = '</s>';
const ID = 2;

/** Recorded sampling as it is without the end token. Fails where the token is not there to be left out. */
export function withoutEndToken(sampling: Fields): Fields {
  const { stop, stop_token_ids: ids, ...rest } = sampling;
  assert.ok(Array.isArray(stop) && stop.includes(TEXT), 'its text is not among the stop strings');
  const texts: readonly unknown[] = stop;
  const withoutText = { ...rest, stop: texts.filter((text) => text !== TEXT) };
  if (ids === undefined) return withoutText;
  assert.ok(Array.isArray(ids) && ids.at(-1) === ID, 'its id is not the last');
  return { ...withoutText, stop_token_ids: ids.slice(0, -1) };
}
