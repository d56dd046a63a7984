/** Styles that put label and text side by side, or write no label. */
import type { StyleInput } from './style.ts';
import { alternate, writeTurns, type WriteTurn } from './write-turns.ts';

export function noColonSingle({ template: { sep }, systemText, turns }: StyleInput): string {
  return systemText + writeTurns(turns, ({ label, text }) => label + text + sep, openLabel);
}

export function noColonTwo({ template, systemText, turns }: StyleInput): string {
  const said: WriteTurn = ({ label, text }, at) => label + text + alternate(template, at);
  return systemText + writeTurns(turns, said, openLabel);
}

/**
 * No labels: `<n>` ends a turn. The original ends with Python's `rstrip("<n>")`, which takes a set of characters, so a last text that
 * ends in one of them loses it too; and when nothing else was said, the system message.
 */
export function yuan2({ template, systemMessage, systemText, turns }: StyleInput): string {
  const { sep, sep2 } = template;
  const prefix = systemMessage === '' ? '' : systemText + (sep2 ?? '');
  const said = writeTurns(
    turns,
    ({ text }) => `${text}<n>`,
    () => '',
  );
  return stripEnd(prefix + said, '<n>') + sep;
}

const openLabel: WriteTurn = ({ label }) => label;

/** Not a regular expression: `[<n>]+$` takes quadratic time on many of these characters that are not at the end. */
function stripEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
