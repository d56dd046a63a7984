import type { StyleInput, Turn } from './style.ts';

/** Writes one turn; `at` is its position, few-shot turns included. */
export type WriteTurn = (turn: Turn, at: number) => string;

/** All turns one after the other: `said` writes those with a text, `open` those without. */
export function writeTurns(turns: readonly Turn[], said: WriteTurn, open: WriteTurn): string {
  return turns.map((turn, at) => (turn.text === '' ? open : said)(turn, at)).join('');
}

/** `sep` after the 1st, 3rd, … turn, `sep2` after the others: by position, whoever spoke. */
export function alternate({ sep, sep2 }: StyleInput['template'], at: number): string {
  return at % 2 === 0 ? sep : (sep2 ?? '');
}

/** How most styles open a turn. */
export function openColon({ label }: Turn): string {
  return `${label}:`;
}
