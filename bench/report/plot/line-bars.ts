/** One line of the table as bars: ours, then each peer, below a heading and the names of the goals. Pure. */
import { boundsOf, type JudgedLine, type Verdict } from '../judge.ts';
import { isMeasured, printNumber, printQuantity } from '../print-number.ts';
import type { Axis } from './axis.ts';
import { element, escapeXml, label } from './element.ts';

/** Where the bars begin; their names stand left of it. */
export const BARS_X = 150;
const BAR_HEIGHT = 16;
const ROW_HEIGHT = 24;
const HEADING_HEIGHT = 22;
const GOAL_ROW_HEIGHT = 15;
// A mean over the letters of a sans-serif font of 11 pixels, and rather too much: it only keeps texts apart.
const LETTER_WIDTH = 6.2;
const VALUE_LETTER_WIDTH = 6.8;
const VALUE_GAP = 7;
/** Between a goal's line and its text, and between two texts. */
const GOAL_GAP = 4;

/** Contenders of a line with their values, ours first; null: not measured. */
export function contendersOf({
  ours,
  peers,
}: JudgedLine): readonly (readonly [string, number | null])[] {
  return [['ours', ours], ...Object.entries(peers)];
}

/** Places of the goals, in the line's unit: of a ratio, so many times the peer's value. Those of peers that were skipped are left out. */
export function goalsOf(
  line: JudgedLine,
): readonly { readonly value: number; readonly text: string }[] {
  return line.goals.flatMap((goal) => {
    const unit = goal.of === 'ours' ? 1 : line.peers[goal.of];
    if (!isMeasured(unit)) return [];
    return boundsOf(goal, line).map(({ value, text }) => ({ value: value * unit, text }));
  });
}

export type Drawing = { readonly elements: readonly string[]; readonly height: number };

/** Drawn from `top` downwards. */
export function drawLine(line: JudgedLine, axis: Axis, top: number): Drawing {
  const goals = placeGoals(line, axis);
  const goalRows = Math.max(0, ...goals.map(({ row }) => row + 1));
  const barsTop = top + HEADING_HEIGHT + goalRows * GOAL_ROW_HEIGHT;
  const contenders = contendersOf(line);
  const bottom = barsTop + contenders.length * ROW_HEIGHT;
  const elements = [
    drawHeading(line, top),
    ...contenders.map(([name, value], at) =>
      drawBar(line, { name, value, axis, top: barsTop + at * ROW_HEIGHT }),
    ),
    ...goals.flatMap(({ x, start, text, anchor, row }) => {
      const y = top + HEADING_HEIGHT + row * GOAL_ROW_HEIGHT + 9;
      // Over our bar only: that is what the goal is of.
      const place = { x1: x, x2: x, y1: y + 4, y2: barsTop + BAR_HEIGHT + 3 };
      return [
        element('line', { class: 'goal-halo', ...place }),
        element('line', { class: 'goal', ...place }),
        label(text, { class: 'goal-text', x: start, y, 'text-anchor': anchor }),
      ];
    }),
    ...contenders.map(([name, value], at) =>
      drawValue(line, { name, value, axis, top: barsTop + at * ROW_HEIGHT }),
    ),
  ];
  return { elements, height: bottom - top };
}

function drawHeading({ id, name, goal, met }: JudgedLine, top: number): string {
  const [kind, text] = goal === '' ? ['muted', ''] : verdictOf(met);
  const spans = [
    element('tspan', { class: 'muted' }, escapeXml(id)),
    ' ',
    escapeXml(name),
    ...(text === '' ? [] : [' ', element('tspan', { class: kind }, text)]),
  ];
  return element('text', { class: 'line', x: 16, y: top + 14 }, spans.join(''));
}

function verdictOf(met: Verdict): readonly [string, string] {
  if (met === null) return ['muted', '– not judged'];
  return met ? ['met', '✓ met'] : ['missed', '✗ missed'];
}

type Bar = {
  readonly name: string;
  readonly value: number | null;
  readonly axis: Axis;
  readonly top: number;
};

function drawBar(line: JudgedLine, { name, value, axis, top }: Bar): string {
  const middle = top + BAR_HEIGHT / 2;
  return [
    label(name, { x: BARS_X - 8, y: middle + 4, 'text-anchor': 'end' }),
    element('rect', {
      class: name === 'ours' ? 'bar ours' : 'bar',
      x: BARS_X,
      y: top,
      // What is next to nothing is still seen.
      width: isMeasured(value) ? Math.max(axis.placeOf(value), 1) : 0,
      height: BAR_HEIGHT,
    }),
    name === 'ours' ? drawQuartiles(line, axis, middle) : '',
  ].join('');
}

function drawQuartiles({ spread }: JudgedLine, axis: Axis, middle: number): string {
  const quartiles = spread['ours'];
  if (quartiles === undefined || !quartiles.every(isMeasured)) return '';
  const [first, third] = quartiles.map((value) => BARS_X + axis.placeOf(value)) as [number, number];
  const [from, to] = [round(first), round(third)];
  const d = `M${from} ${middle - 4}v8M${from} ${middle}H${to}M${to} ${middle - 4}v8`;
  return element('path', { class: 'quartiles', d });
}

/** Behind the bar, the quartiles, and each goal's line that would cross it. */
function drawValue(line: JudgedLine, { name, value, axis, top }: Bar): string {
  const { unit, ratios, spread } = line;
  const text = isMeasured(value) ? printQuantity(value, unit) : 'not measured';
  const isOurs = name === 'ours';
  const reach = [value, ...(isOurs ? (spread['ours'] ?? []) : [])].filter(isMeasured);
  let x = BARS_X + Math.max(0, ...reach.map(axis.placeOf)) + VALUE_GAP;
  for (const goal of isOurs ? placeGoals(line, axis) : []) {
    const isCrossing = goal.x > x - VALUE_GAP && goal.x < x + text.length * VALUE_LETTER_WIDTH;
    if (isCrossing) x = goal.x + VALUE_GAP;
  }
  const ratio = ratios[name];
  const more = isMeasured(ratio)
    ? element('tspan', { class: 'muted' }, ` (ours: ${printNumber(ratio)} ×)`)
    : '';
  const place = { class: 'value', x, y: top + BAR_HEIGHT / 2 + 4 };
  return element('text', place, escapeXml(text) + more);
}

type PlacedGoal = {
  /** Of its line. */
  readonly x: number;
  /** Where its text is anchored. */
  readonly start: number;
  readonly text: string;
  readonly anchor: 'start' | 'end';
  readonly row: number;
};

/** Each text left of its line, the last one right of it; those that would lie on each other get rows of their own. */
function placeGoals(line: JudgedLine, axis: Axis): readonly PlacedGoal[] {
  const placed: (PlacedGoal & { readonly from: number; readonly to: number })[] = [];
  const goals = [...goalsOf(line)].sort((a, b) => a.value - b.value);
  for (const [at, { value, text }] of goals.entries()) {
    const x = BARS_X + axis.placeOf(value);
    const length = text.length * LETTER_WIDTH;
    const isLast = goals.length > 1 && at === goals.length - 1;
    const anchor = isLast || x - BARS_X < length ? 'start' : 'end';
    const start = anchor === 'end' ? x - GOAL_GAP : x + GOAL_GAP;
    const [from, to] = anchor === 'end' ? [start - length, start] : [start, start + length];
    let row = 0;
    const lies = (other: (typeof placed)[number]): boolean =>
      other.row === row && other.from < to + GOAL_GAP && from < other.to + GOAL_GAP;
    while (placed.some(lies)) row += 1;
    placed.push({ x, start, text, anchor, row, from, to });
  }
  return placed;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
