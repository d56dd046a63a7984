/** README.md and the run that is kept: one is written from the other. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { LlmOpsError } from '../../src/errors.ts';
import { readResults } from './results.ts';
import { putIntoReadme } from './results/readme-table.ts';
import { writeWhole } from './results/write-file.ts';

export type ReadmePlaces = {
  /** The README's path; left out: the repository's. */
  readonly file?: string;
  /** Where the run is kept; left out: bench/results. */
  readonly results?: string;
};

const README = join(import.meta.dirname, '../../README.md');

/** Puts the table between the markers. Throws usage without the markers, config_invalid when the run cannot be read. */
export async function updateReadme(places: ReadmePlaces = {}): Promise<void> {
  const { file, present, wanted } = await compare(places);
  if (wanted !== present) await writeWhole(file, wanted);
}

/** Throws config_invalid when the README has another table than the one of the run that is kept; else what updateReadme throws. */
export async function checkReadme(places: ReadmePlaces = {}): Promise<void> {
  const { present, wanted } = await compare(places);
  if (wanted === present) return;
  throw new LlmOpsError('config_invalid', "README.md's table is not that of bench/results", {
    hint: 'Write it: node bench/report/write-readme.ts',
  });
}

async function compare({ file = README, results }: ReadmePlaces) {
  const present = await readFile(file, 'utf8');
  return { file, present, wanted: await putIntoReadme(present, await readResults(results), file) };
}
