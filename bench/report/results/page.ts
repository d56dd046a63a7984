/** `table.md` of a kept run: all figures, with the plots above them. Pure. */
import { printOutcome } from '../judge.ts';
import type { JsonLine } from '../json.ts';
import { printNumber, printQuantity, printQuartiles } from '../print-number.ts';
import { printRounds, titleOf } from '../report.ts';
import { escapeMarkdown, printMachine, printMarkdownTable, printVersions } from './markdown.ts';
import type { Results } from './schema.ts';

export function renderPage(results: Results): string {
  const lines = results.families.flatMap((family) => family.lines);
  return [
    `# ${results.isQuick ? 'Quick run' : 'Run'} of ${results.date}`,
    `Written by \`npm run bench -- --keep\`; what is measured, and how, is in [the bench's README](../../README.md).`,
    printItems([
      `Machine: ${printMachine(results)}`,
      `Versions: ${printVersions(results)}`,
      ...Object.entries(results.skipped).map(([name, why]) => `Skipped: ${name}: ${why}`),
    ]),
    'In brackets: first and third quartile. A ratio is ours divided by the peer’s, the median of the rounds’ own ratios.',
    ...results.families.flatMap(({ family, lines: own }) => [
      `## ${titleOf(family)}`,
      `![${titleOf(family)}](${family}.svg)`,
      printMarkdownTable([
        ['', 'metric', 'ours', 'peers', 'ratio', 'goal', 'met'],
        ...own.map(toRow),
      ]),
    ]),
    '## Rounds',
    printItems(printRounds(lines)),
    ...printNotes(lines),
  ].join('\n\n');
}

function toRow(line: JsonLine): readonly string[] {
  const { id, name, unit, ours, peers, ratios, spread, goal } = line;
  const withQuartiles = (text: string, of: string): string => {
    const quartiles = printQuartiles(spread[of]);
    return quartiles === '' ? text : `${text} (${quartiles})`;
  };
  return [
    id,
    name,
    withQuartiles(printQuantity(ours, unit), 'ours'),
    Object.entries(peers)
      .map(([peer, value]) => `${peer} ${printQuantity(value, unit)}`)
      .join(', '),
    Object.entries(ratios)
      .map(([peer, ratio]) => withQuartiles(`${printNumber(ratio)} × ${peer}`, peer))
      .join(', '),
    goal,
    printOutcome(line),
  ];
}

function printNotes(lines: readonly JsonLine[]): readonly string[] {
  const notes = lines.flatMap(({ id, notes: own }) => own.map((note) => `${id}: ${note}`));
  return notes.length === 0 ? [] : ['## Notes', printItems(notes)];
}

function printItems(items: readonly string[]): string {
  return items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');
}
