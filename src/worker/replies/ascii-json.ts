/** JSON as Python's `json.dumps` escapes it: every character beyond ASCII as `\uXXXX`. A pair cut in two stays two escapes. */
export function toAsciiJson(value: unknown): string {
  const json = JSON.stringify(value);
  // Most text has nothing to escape, and looking is much cheaper than replacing.
  if (!BEYOND_ASCII.test(json)) return json;
  return json.replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const BEYOND_ASCII = /[\u007f-\uffff]/;
