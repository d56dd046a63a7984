/** Styles that write the label on a line of its own. */
import type { StyleInput } from './style.ts';
import { alternate, writeTurns, type WriteTurn } from './write-turns.ts';

export function addNewLineSingle({ template: { sep }, systemText, turns }: StyleInput): string {
  const said: WriteTurn = ({ label, text }) => `${label}\n${text}${sep}`;
  return unlessEmpty(systemText, sep) + writeTurns(turns, said, ({ label }) => `${label}\n`);
}

/** An empty system message still has its block, unless the system template is nothing but the message. */
export function chatml({ template: { sep }, systemText, turns }: StyleInput): string {
  const said: WriteTurn = ({ label, text }) => `${label}\n${text}${sep}\n`;
  return unlessEmpty(systemText, `${sep}\n`) + writeTurns(turns, said, ({ label }) => `${label}\n`);
}

export function dolly({ template, systemText, turns }: StyleInput): string {
  const said: WriteTurn = ({ label, text }, at) =>
    `${label}:\n${text}${alternate(template, at)}${at % 2 === 1 ? '\n\n' : ''}`;
  return systemText + writeTurns(turns, said, openColonLine);
}

export function robin({ template: { sep }, systemText, turns }: StyleInput): string {
  const said: WriteTurn = ({ label, text }) => `${label}:\n${text}${sep}`;
  return systemText + sep + writeTurns(turns, said, openColonLine);
}

/** `sep2` begins an answer instead of ending it, and is there even when the turn is only opened. */
export function metamath({ template, systemText, turns }: StyleInput): string {
  const { sep, sep2 } = template;
  const open: WriteTurn = ({ label }, at) => `${label}:${at % 2 === 0 ? '\n' : ` ${sep2 ?? ''}`}`;
  const said: WriteTurn = (turn, at) => open(turn, at) + turn.text + (at % 2 === 0 ? sep : '');
  return unlessEmpty(systemText, sep) + writeTurns(turns, said, open);
}

const openColonLine: WriteTurn = ({ label }) => `${label}:\n`;

function unlessEmpty(systemText: string, end: string): string {
  return systemText === '' ? '' : systemText + end;
}
