/** Styles that write `label: text`. */
import type { StyleInput } from './style.ts';
import { alternate, openColon, writeTurns } from './write-turns.ts';

export function addColonSingle(input: StyleInput): string {
  return input.systemText + input.template.sep + colonTurns(input);
}

export function addColonTwo({ template, systemText, turns }: StyleInput): string {
  return systemText + template.sep + alternatingTurns(template, turns);
}

/** The only one that opens a turn with a space behind the colon. */
export function addColonSpaceSingle(input: StyleInput): string {
  const { systemText, template } = input;
  return systemText + template.sep + colonTurns(input, ({ label }) => `${label}: `);
}

export function falconChat(input: StyleInput): string {
  const { systemMessage, systemText, template } = input;
  return (systemMessage === '' ? '' : systemText + template.sep) + colonTurns(input);
}

export function deepseekChat({ template, systemText, turns }: StyleInput): string {
  return systemText + alternatingTurns(template, turns);
}

/** FastChat writes the last two turns only, and counts positions from the first of these two. */
export function cllm({ template, systemText, turns }: StyleInput): string {
  return systemText + template.sep + alternatingTurns(template, turns.slice(-2));
}

/** FastChat's stand-in for models behind somebody else's API. It knows no separators but line ends. */
export function plain({ systemText, turns }: StyleInput): string {
  return `${systemText}\n${writeTurns(turns, ({ label, text }) => `${label}: ${text}\n`, openColon)}`;
}

/** An empty line would end a turn, so line ends are joined in what was said, in two single passes. */
export function rwkv({ systemText, turns }: StyleInput): string {
  const normalise = (text: string) => text.replaceAll('\r\n', '\n').replaceAll('\n\n', '\n');
  return (
    systemText +
    writeTurns(turns, ({ label, text }) => `${label}: ${normalise(text)}\n\n`, openColon)
  );
}

function colonTurns({ template: { sep }, turns }: StyleInput, open = openColon): string {
  return writeTurns(turns, ({ label, text }) => `${label}: ${text}${sep}`, open);
}

function alternatingTurns(template: StyleInput['template'], turns: StyleInput['turns']): string {
  return writeTurns(
    turns,
    ({ label, text }, at) => `${label}: ${text}${alternate(template, at)}`,
    openColon,
  );
}
