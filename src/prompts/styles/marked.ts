/** Styles of single model families, which write marks of their own around turns. */
import type { StyleInput } from './style.ts';
import { alternate, openColon, writeTurns, type WriteTurn } from './write-turns.ts';

/** Numbers the rounds: from 0, but for ChatGLM2 from 1, which the original knows by the template's name. */
export function chatglm({ template, systemText, turns }: StyleInput): string {
  const { name, sep } = template;
  const first = name === 'chatglm2' ? 1 : 0;
  const round = (at: number) => (at % 2 === 0 ? `[Round ${at / 2 + first}]${sep}` : '');
  const open: WriteTurn = ({ label }, at) => `${round(at)}${label}：`;
  const said: WriteTurn = (turn, at) => open(turn, at) + turn.text + sep;
  return (systemText === '' ? '' : systemText + sep) + writeTurns(turns, said, open);
}

export function chatglm3({ systemMessage, systemText, turns }: StyleInput): string {
  const prefix = systemMessage === '' ? '' : systemText;
  const said: WriteTurn = ({ label, text }) => `${label}\n${text}`;
  return prefix + writeTurns(turns, said, ({ label }) => label);
}

/** InternLM: `<s>` before every round. */
export function chatIntern({ template, systemText, turns }: StyleInput): string {
  const begin = (at: number) => (at % 2 === 0 ? '<s>' : '');
  const said: WriteTurn = ({ label, text }, at) =>
    `${begin(at)}${label}:${text}${alternate(template, at)}\n`;
  return systemText + writeTurns(turns, said, (turn, at) => begin(at) + openColon(turn));
}

export function phoenix({ systemText, turns }: StyleInput): string {
  const open: WriteTurn = ({ label }) => `${label}: <s>`;
  return systemText + writeTurns(turns, (turn, at) => `${open(turn, at)}${turn.text}</s>`, open);
}

/** Gemma has no system message: a conversation's is not written. */
export function gemma({ template: { sep }, turns }: StyleInput): string {
  const open: WriteTurn = ({ label }) => `<start_of_turn>${label}\n`;
  return `<bos>${writeTurns(turns, (turn, at) => open(turn, at) + turn.text + sep, open)}`;
}
