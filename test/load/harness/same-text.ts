import assert from 'node:assert/strict';

/** Long texts that differ are told by the place where they do: nobody reads two of them side by side. */
export function assertSameText(seen: string, wanted: string, what = 'the text'): void {
  if (seen === wanted) return;
  let at = 0;
  while (at < seen.length && seen[at] === wanted[at]) at += 1;
  const around = (text: string): string =>
    JSON.stringify(text.slice(Math.max(0, at - 20), at + 20));
  assert.fail(
    `${what} differs at character ${at} of ${wanted.length}: ${around(seen)}, not ${around(wanted)}`,
  );
}
