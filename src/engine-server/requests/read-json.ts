import { invalidRequest } from './parse-body.ts';

/** A body as JSON; undefined for an empty one, which a validator then misses. Throws `invalid_request` with the place of the mistake. */
export function readJson(text: string): unknown {
  const json = text.replace(/^\uFEFF/, '');
  if (json === '') return undefined;
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // V8 tells the place, except where the text just ends.
    const place = Number(/at position (\d+)/.exec(reason)?.[1] ?? json.length);
    throw invalidRequest([{ path: [place], message: `JSON decode error: ${reason}` }]);
  }
}
