/** The templates as they are shipped, and the rows of the originals, for all tests of prompts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTemplates } from '../../src/prompts/load-templates.ts';

export const SHIPPED = join(import.meta.dirname, '../../templates/conversations');
export const templates = await loadTemplates(SHIPPED);

/** A file of `golden/`, as text. */
export function readGolden(file: string): string {
  return readFileSync(join(import.meta.dirname, 'golden', file), 'utf8');
}

/** The lines of a file of `golden/`. */
export function linesOf(file: string): readonly string[] {
  return readGolden(file)
    .split('\n')
    .filter((line) => line !== '');
}
