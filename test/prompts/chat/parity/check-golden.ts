import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';

import { CONSTRUCT_VARIABLES } from '../constructs.ts';
import { CONSTRUCT_RENDERINGS, RENDERINGS, goldenCases, goldenConstructs } from '../golden.ts';
import type { GoldenRow } from '../golden.ts';
import type { PythonRenderer } from './python-renderer.ts';
import { toVariables } from './to-variables.ts';

/**
 * Compares the golden files with what Python makes now. With LLM_OPS_WRITE_GOLDEN=1 it writes them instead; they were made by
 * `LLM_OPS_WRITE_GOLDEN=1 npm run test:vllm`.
 */
export async function checkGolden(python: PythonRenderer): Promise<void> {
  const renderings: GoldenRow[] = [];
  for (const { family, name, request } of await goldenCases()) {
    const { source, variables } = toVariables(family.template, request);
    const answer = await python.render(source, variables);
    renderings.push({ family: family.name, request: name, ...answer });
  }
  const constructs: GoldenRow[] = [];
  for (const template of goldenConstructs()) {
    constructs.push({ template, ...(await python.render(template, CONSTRUCT_VARIABLES)) });
  }
  await check(RENDERINGS, renderings);
  await check(CONSTRUCT_RENDERINGS, constructs);
}

async function check(file: URL, rows: readonly GoldenRow[]): Promise<void> {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (process.env['LLM_OPS_WRITE_GOLDEN'] === '1') await writeFile(file, text);
  assert.equal(text, await readFile(file, 'utf8'));
}
