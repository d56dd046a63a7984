/** The report for people at a terminal: at most 100 columns, and as readable in a pipe. */
import { styleText } from 'node:util';

import { printTable } from '../../src/plan/print-table.ts';
import { boundsOf, judgeGoal, printOutcome, printVerdict, type JudgedLine } from './judge.ts';
import { isMeasured, printNumber, printQuantity, printQuartiles } from './print-number.ts';
import { printRounds, titleOf, type Report } from './report.ts';

type Style = 'bold' | 'dim' | 'green' | 'red';
export type Paint = (style: Style, text: string) => string;

const WIDTH = 100;
const CAPTION =
  'A value is the median of the rounds; a ratio is ours divided by the value of its row, the median of the rounds’ own ratios; ' +
  'quartiles are of the value in our rows, of the ratio in the others.';

/** Colours where the stream is a terminal and NO_COLOR is not set, as node:util reads both. */
export function paintOn(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

/** The table by families, then what was thrown away, what was skipped, and the notes. Ends with a newline. */
export function printReport(report: Report, paint: Paint = (_, text) => text): string {
  const lines = report.families.flatMap((family) => family.lines);
  const parts = [
    printFamilies(report, paint),
    wrap(CAPTION),
    [printVerdicts(lines), ...(report.isQuick ? [QUICK] : [])].map((text) => wrap(text)).join('\n'),
    printList('Rounds', printRounds(lines), paint),
    printList('Skipped', Object.entries(report.skipped).map(toItem), paint),
    printList(
      'Notes',
      lines.flatMap(({ id, notes }) => notes.map((note) => toItem([id, note]))),
      paint,
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const QUICK = 'This was a quick run: fewer and shorter rounds, so its spread is wider.';

/** One table for all lines, so that their columns stand below each other; the headings come between its rows afterwards. */
function printFamilies({ families }: Report, paint: Paint): string {
  const lines = families.flatMap((family) => family.lines);
  const rows = alignRight([HEAD, ...lines.flatMap(toRows)]);
  const [head = '', ...printed] = printTable(rows, WIDTH - INDENT.length)
    .split('\n')
    .map((row) => `${INDENT}${row}`);
  const printLine = (line: JudgedLine): string => {
    const own = printed.splice(0, toRows(line).length);
    return [printHeading(line, paint), ...own.map((row) => paintRow(row, paint))].join('\n');
  };
  const blocks = families.map(({ family, lines: own }) =>
    [paint('bold', titleOf(family)), ...own.map(printLine)].join('\n'),
  );
  return [paint('dim', head), ...blocks].join('\n\n');
}

const INDENT = '    ';

function printHeading(line: JudgedLine, paint: Paint): string {
  const mark = printOutcome(line).padEnd(1);
  return paintRow(printTable([[`${mark} ${line.id}  ${line.name}`]], WIDTH), paint);
}

type Cells = {
  readonly contender: string;
  /** The number and its unit. */
  readonly value: readonly [string, string];
  readonly ratio: string;
  readonly quartiles: string;
  /** The bounds and whether they are kept. */
  readonly bound: readonly [string, string];
};

const HEAD: Cells = {
  contender: '',
  value: ['value', ''],
  ratio: 'ratio',
  quartiles: 'quartiles',
  bound: ['goal', ''],
};

/** A row for ours, and one for each peer: those that were measured, and those that a goal names. */
function toRows(line: JudgedLine): readonly Cells[] {
  const { unit, ours, peers, ratios, spread, goals } = line;
  const contenders = [peers, ratios].flatMap((record) => Object.keys(record));
  const names = new Set(['ours', ...contenders, ...goals.map((goal) => goal.of)]);
  return [...names].map((name) => {
    const own = goals.filter((goal) => goal.of === name);
    const bounds = own.flatMap((goal) => boundsOf(goal, { unit, ratio: '×' }));
    const marks = own.map((goal) => printVerdict(judgeGoal(line, goal)));
    return {
      contender: name,
      value: toValue(name === 'ours' ? ours : (peers[name] ?? null), unit),
      ratio: ratios[name] === undefined ? '' : printQuantity(ratios[name], '×'),
      quartiles: printQuartiles(spread[name]),
      bound: [bounds.map(({ text }) => text).join(', '), marks.join('')],
    };
  });
}

function toValue(value: number | null, unit: string): readonly [string, string] {
  const number = printNumber(value);
  return [number, number === '–' ? '' : unit];
}

/** Numbers end below each other, and each has its unit behind it. */
function alignRight(rows: readonly Cells[]): readonly (readonly string[])[] {
  const widest = (cell: (row: Cells) => string): number =>
    Math.max(...rows.map((row) => cell(row).length));
  const [value, ratio] = [widest((row) => row.value[0]), widest((row) => row.ratio)];
  return rows.map((row) => [
    row.contender,
    `${row.value[0].padStart(value)} ${row.value[1]}`,
    row.ratio.padStart(ratio),
    row.quartiles,
    ...row.bound,
  ]);
}

function paintRow(row: string, paint: Paint): string {
  return row.replace(/^[✓✗]|[✓✗]+$/g, (marks) =>
    paint(marks.includes('✗') ? 'red' : 'green', marks),
  );
}

/** A line without a goal is only told of when there is nothing to see in it. */
function printVerdicts(lines: readonly JudgedLine[]): string {
  const judged = lines.filter(({ goal }) => goal !== '');
  const idsOf = (those: readonly JudgedLine[]): string => those.map(({ id }) => id).join(', ');
  const missed = idsOf(judged.filter(({ met }) => met === false));
  const open = idsOf(
    lines.filter(({ goal, met, ours }) => met === null && (goal !== '' || !isMeasured(ours))),
  );
  return [
    `${judged.filter(({ met }) => met).length} of ${judged.length} goals met`,
    ...(missed === '' ? [] : [`missed: ${missed}`]),
    ...(open === '' ? [] : [`not judged: ${open}`]),
  ].join('; ');
}

function toItem([subject, text]: readonly [string, string]): string {
  return `${subject}: ${text}`;
}

function printList(title: string, items: readonly string[], paint: Paint): string {
  if (items.length === 0) return '';
  return [paint('bold', title), ...items.map((item) => wrap(item, '  '))].join('\n');
}

/** Breaks at blanks; a word that is longer than a line is cut into lines. */
function wrap(text: string, indent = ''): string {
  const room = WIDTH - 2 * indent.length;
  const words = text
    .split(/\s+/)
    .flatMap((word) => word.match(new RegExp(`.{1,${room}}`, 'gu')) ?? []);
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, at) => `${at === 0 ? indent : indent.repeat(2)}${line}`).join('\n');
}
