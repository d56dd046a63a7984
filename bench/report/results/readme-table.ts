/** The table in the repository's README: the run that is kept, in short. */
import { LlmOpsError } from '../../../src/errors.ts';
import { printOutcome } from '../judge.ts';
import type { JsonLine } from '../json.ts';
import { printQuantity } from '../print-number.ts';
import { formatAs } from './format-as.ts';
import {
  escapeMarkdown,
  printMachine,
  printMarkdownTable,
  printRatios,
  printVersions,
} from './markdown.ts';
import type { Results } from './schema.ts';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';
const PEERS = ['nginx', 'portkey'];

/**
 * The README with the run between its markers; null: no run is kept. What stands before and after them stays as it is, byte for byte.
 * `file` is its path, for the formatter's settings. Throws usage when there is not one pair of markers.
 */
export async function putIntoReadme(
  readme: string,
  results: Results | null,
  file: string,
): Promise<string> {
  const { before, after } = split(readme);
  const section = await formatAs(file, results === null ? NO_RUN : renderSection(results));
  return `${before}\n\n${section}\n${after}`;
}

const NO_RUN = 'No run is kept yet: `npm run bench -- --keep` does.';

function renderSection(results: Results): string {
  const lines = results.families.flatMap((family) => family.lines);
  return [
    printMarkdownTable([
      ['metric', 'ours', ...PEERS, 'ratio', 'goal', 'met'],
      ...lines.map((line) => [...toRow(line)]),
    ]),
    `${results.isQuick ? 'A quick run' : 'Run'} of ${results.date} on ${escapeMarkdown(printMachine(results))}; ` +
      `${escapeMarkdown(printVersions(results))}. ` +
      `Plots, quartiles and notes: [\`bench/results/${results.date}\`](bench/results/${results.date}/table.md).`,
  ].join('\n\n');
}

function toRow({ name, unit, ours, peers, ratios, goal, met }: JsonLine): readonly string[] {
  const ofPeers = PEERS.map((peer) =>
    peers[peer] === undefined ? '' : printQuantity(peers[peer], unit),
  );
  return [
    name,
    printQuantity(ours, unit),
    ...ofPeers,
    printRatios({ ratios }),
    goal,
    printOutcome({ goal, met }),
  ];
}

/** What stands around the text between the markers; the markers belong to it. */
function split(readme: string): { readonly before: string; readonly after: string } {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from || readme.lastIndexOf(BEGIN) > from || readme.lastIndexOf(END) > to) {
    throw new LlmOpsError('usage', `the README has not one ${BEGIN} with one ${END} after it`, {
      hint: 'Put both where the table should be, each on a line of its own.',
    });
  }
  return { before: readme.slice(0, from + BEGIN.length), after: readme.slice(to) };
}
