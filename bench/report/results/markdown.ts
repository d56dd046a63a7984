/** Pieces of Markdown that the README and the page of a run have in common. Pure. */
import type { JsonLine } from '../json.ts';
import { printNumber } from '../print-number.ts';
import type { Results } from './schema.ts';

/** Not aligned: the formatter does that. */
export function printMarkdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [head, head.map(() => '---'), ...body]
    .map((cells) => `| ${cells.map((cell) => escapeMarkdown(cell)).join(' | ')} |`)
    .join('\n');
}

// What Markdown would read as something else.
const SIGNS = /[\\|*_`[\]<>]/g;

/** Text that stands there as it is. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(SIGNS, '\\$&');
}

/** `4 × nginx, 0.1 × portkey`. */
export function printRatios({ ratios }: Pick<JsonLine, 'ratios'>): string {
  return Object.entries(ratios)
    .flatMap(([peer, ratio]) => (ratio === null ? [] : [`${printNumber(ratio)} × ${peer}`]))
    .join(', ');
}

/** `Abacus 2000, 2 cores, 3.9 GiB, KVM, Linux 6.1.0`. */
export function printMachine({ machine }: Pick<Results, 'machine'>): string {
  const { cpu, cores, memoryGiB, kernel, virtualization } = machine;
  const parts = [cpu, `${cores} cores`, `${memoryGiB} GiB`, virtualization, kernel];
  return parts.filter((part) => part !== null).join(', ');
}

/** `ours 0.1.0 (0123456789ab), nginx 1.22.1, Node 24.0.0`. */
export function printVersions({ versions, commit, machine }: Results): string {
  const { ours, ...peers } = versions;
  const own = [ours, commit === null ? undefined : `(${commit})`].filter(
    (part) => part !== undefined,
  );
  return [
    ['ours', ...own].join(' '),
    ...Object.entries(peers).map(([name, version]) => `${name} ${version}`),
    `Node ${machine.node}`,
  ].join(', ');
}
