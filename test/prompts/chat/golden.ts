/** What Python made of our requests and constructs, as the files in `golden/` have it. */
import { readFile } from 'node:fs/promises';

import { CONSTRUCTS } from './constructs.ts';
import { readFamilies } from './families.ts';
import { GOLDEN_REQUESTS } from './golden-requests.ts';
import type { Family } from './families.ts';
import type { ChatRequest } from '../../../src/prompts/chat/chat-template.ts';

export const RENDERINGS = new URL('golden/renderings.jsonl', import.meta.url);
export const CONSTRUCT_RENDERINGS = new URL('golden/constructs.jsonl', import.meta.url);

export type GoldenRow = {
  readonly family?: string;
  readonly request?: string;
  readonly template?: string;
  readonly text?: string;
  readonly error?: string;
};

export async function readGolden(file: URL): Promise<readonly GoldenRow[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as GoldenRow);
}

export type GoldenCase = {
  readonly family: Family;
  readonly name: string;
  readonly request: ChatRequest;
};

export async function goldenCases(): Promise<readonly GoldenCase[]> {
  const families = await readFamilies();
  return families.flatMap((family) =>
    Object.entries(GOLDEN_REQUESTS)
      .map(([name, request]) => ({ family, name, request }))
      .filter(({ name }) => family.name !== 'granite-3.3' || !WITH_TODAYS_DATE.has(name)),
  );
}

/** Templates that are to be the same tomorrow, and here as in Python. */
export function goldenConstructs(): readonly string[] {
  return CONSTRUCTS.filter(
    ({ template, differs }) => differs === undefined && !template.includes('strftime_now'),
  ).map(({ template }) => template);
}

/** Granite writes the date where there is no system message. */
const WITH_TODAYS_DATE: ReadonlySet<string> = new Set(['no system message']);
