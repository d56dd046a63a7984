/** The generated tables of `docs/engines.md`: which engine keeps which obligation. Pure. */
import { COLUMNS } from './engines/engine-under-test.ts';
import type { Column } from './engines/engine-under-test.ts';

export type Section = 'worker' | 'vllm-api';

/** What a cell says of an obligation that is kept. */
export const KEPT = '✓';
/** What a cell says of an engine that is not asked at all. */
const NOT_ASKED = '–';

export type Cells = ReadonlyMap<string, string>;

/** One engine's cells in a section, by the names of the obligations. Empty, when the document has no such table. */
export function readColumn(document: string, section: Section, column: Column): Cells {
  const { body } = split(document, section);
  return new Map(
    toRows(body).flatMap(([name, ...cells]) => {
      const cell = cells[COLUMNS.indexOf(column)];
      return name === undefined || cell === undefined || cell === NOT_ASKED ? [] : [[name, cell]];
    }),
  );
}

/** The document with one engine's cells put in. Rows are the given ones, in their order; other engines keep what they have. */
export function writeColumn(
  document: string,
  section: Section,
  { column, cells }: { readonly column: Column; readonly cells: Cells },
): string {
  const { before, after } = split(document, section);
  const others = new Map(COLUMNS.map((each) => [each, readColumn(document, section, each)]));
  others.set(column, cells);
  const names = [...cells.keys()];
  const rows = names.map((name) => [
    name,
    ...COLUMNS.map((each) => others.get(each)?.get(name) ?? NOT_ASKED),
  ]);
  const head = ['', ...COLUMNS];
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cellsOf) => `| ${cellsOf.map(escape).join(' | ')} |`,
  );
  return `${before}\n\n${lines.join('\n')}\n\n${after}`;
}

function split(
  document: string,
  section: Section,
): { readonly before: string; readonly body: string; readonly after: string } {
  const begin = `<!-- contract ${section} begin -->`;
  const end = `<!-- contract ${section} end -->`;
  const from = document.indexOf(begin) + begin.length;
  const to = document.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`the document lacks ${begin} … ${end}`);
  return {
    before: document.slice(0, from),
    body: document.slice(from, to),
    after: document.slice(to),
  };
}

function toRows(body: string): readonly (readonly string[])[] {
  const lines = body.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => unescape(cell.trim())),
  );
}

// What Markdown would read as something else.
const SIGNS = /[\\|*_`[\]<>]/g;

function escape(text: string): string {
  return text.replace(SIGNS, '\\$&');
}

function unescape(text: string): string {
  return text.replace(/\\([\\|*_`[\]<>])/g, '$1');
}
