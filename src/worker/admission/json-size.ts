/** Whether JSON is so built that parsing it is cheap, found out in one walk over its bytes. */
import { LlmOpsError } from '../../errors.ts';

/** The worker API nests three levels: an object, its messages, a message. */
const MOST_LEVELS = 64;

/** Values, each with a comma, a colon or a bracket beside it. A conversation of 30,000 turns has as many. */
const MOST_SIGNS = 300_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const [PLAIN, TEXT, OPEN, CLOSE, BETWEEN] = [0, 1, 2, 3, 4] as const;

/** What each byte is, outside of strings. */
const KINDS = new Uint8Array(256).fill(PLAIN);
for (const [signs, kind] of [
  ['"', TEXT],
  ['[{', OPEN],
  [']}', CLOSE],
  [',:', BETWEEN],
] as const)
  for (const byte of Buffer.from(signs)) KINDS[byte] = kind;

/**
 * Throws `invalid_request` for bytes that `JSON.parse` would take long over: a body of 16 MB that only opens lists stops the whole process
 * for a second, one of empty lists too. Takes nothing for JSON that is none: that is for the parser to say.
 */
export function checkJsonSize(bytes: Uint8Array): void {
  let levels = 0;
  let signs = 0;
  for (let at = nextSign(bytes, 0); at < bytes.length; at = nextSign(bytes, at + 1)) {
    const kind = KINDS[bytes[at] ?? 0];
    if (kind === TEXT) at = endOfString(bytes, at + 1);
    else if (kind === CLOSE) levels -= 1;
    else {
      signs += 1;
      if (kind === OPEN) levels += 1;
      if (levels > MOST_LEVELS)
        throw refusal(`nests deeper than ${MOST_LEVELS} levels`, MOST_LEVELS);
      if (signs > MOST_SIGNS) throw refusal(`has more than ${MOST_SIGNS} values`, MOST_SIGNS);
    }
  }
}

/** The place of the next byte that is not plain, or the end. */
function nextSign(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && KINDS[bytes[at] ?? 0] === PLAIN) at += 1;
  return at;
}

/** The place of the quote that ends a string, or beyond the end. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function refusal(what: string, most: number): LlmOpsError {
  return new LlmOpsError('invalid_request', `the body ${what}`, { details: { most } });
}
