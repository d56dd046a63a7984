/** `bench/results/<date>/`: one run that is kept, with all that it takes to read it later. */
import { readdir, readFile, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { LlmOpsError } from '../../src/errors.ts';
import { plotFamily } from './plot/plot-family.ts';
import { FAMILY_NAMES, type Report } from './report.ts';
import { formatAs } from './results/format-as.ts';
import { renderPage } from './results/page.ts';
import { Results, toResults } from './results/schema.ts';
import { writeWhole } from './results/write-file.ts';

/** Where a run is kept in the repository. */
const RESULTS_DIRECTORY = join(import.meta.dirname, '../results');

const RESULTS_FILE = 'results.json';
const PAGE_FILE = 'table.md';
const OWN_FILES = [...FAMILY_NAMES.map((family) => `${family}.svg`), PAGE_FILE, RESULTS_FILE];

/** Writes the run into a directory named by its date, then removes the runs of other dates. Returns that directory. */
export async function keepResults(report: Report, directory = RESULTS_DIRECTORY): Promise<string> {
  const results = toResults(report);
  const own = join(directory, report.date);
  const files = new Map([
    ...report.families.map((family) => [`${family.family}.svg`, plotFamily(family)] as const),
    [PAGE_FILE, await formatAs(join(own, PAGE_FILE), renderPage(results))],
    [RESULTS_FILE, await formatAs(join(own, RESULTS_FILE), JSON.stringify(results))],
  ]);
  for (const [name, text] of files) await writeWhole(join(own, name), text);
  await removeFiles(
    own,
    OWN_FILES.filter((name) => !files.has(name)),
  );
  for (const date of await listRuns(directory)) {
    if (date === report.date) continue;
    await removeFiles(join(directory, date), OWN_FILES);
    // Where somebody put a file of theirs, the directory stays with it.
    await rmdir(join(directory, date)).catch(ignore('ENOTEMPTY'));
  }
  return own;
}

/** The run that is kept, the newest where there are several; null: none is. Throws config_invalid when it cannot be read. */
export async function readResults(directory = RESULTS_DIRECTORY): Promise<Results | null> {
  const date = (await listRuns(directory)).at(-1);
  if (date === undefined) return null;
  const { data, error } = Results.safeParse(await readJson(join(directory, date, RESULTS_FILE)));
  if (data !== undefined) return data;
  throw new LlmOpsError('config_invalid', `the run of ${date} is not one that this bench writes`, {
    hint: 'Write it again: npm run bench -- --keep.',
    cause: error,
  });
}

/** A run is known by its outline, which an older version's has, too. */
const Outline = z.looseObject({ date: z.iso.date(), families: z.array(z.unknown()) });

/** Dates of the runs that we wrote, in their order. */
async function listRuns(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(ignore('ENOENT'));
  const dates: string[] = [];
  for (const entry of entries ?? []) {
    if (!entry.isDirectory()) continue;
    const json = await readJson(join(directory, entry.name, RESULTS_FILE));
    if (Outline.safeParse(json).data?.date === entry.name) dates.push(entry.name);
  }
  return dates.sort();
}

/** undefined: there is none, or it is no JSON. */
async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(ignore('ENOENT'));
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function removeFiles(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await unlink(join(directory, name)).catch(ignore('ENOENT'));
}

function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined;
    throw error;
  };
}
