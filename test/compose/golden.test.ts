/**
 * Each directory of test/golden is a case: `llm-ops.yml` (and what it names, below `files/`), and beside it the files that it renders to, or
 * `error.txt`. `UPDATE_GOLDEN=1` writes what comes out now.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { renderCompose } from '../../src/compose/render-compose.ts';
import { loadParts } from '../../src/compose/load-parts.ts';
import { loadStackConfig } from '../../src/config/load-stack-config.ts';
import { chooseTemplates, withTemplates } from '../../src/control/choose-templates.ts';
import { LlmOpsError } from '../../src/errors.ts';
import { planStack } from '../../src/plan/plan-stack.ts';
import type { StackPlan } from '../../src/plan/stack-plan.ts';
import { loadTemplates } from '../../src/prompts/load-templates.ts';
import { TEMPLATES } from './render-sample.ts';

const GOLDEN = join(import.meta.dirname, '../golden');
const CONFIG = 'llm-ops.yml';
/** Stands for the directory of the case, which lies elsewhere on each machine. */
const STACK = '/stack';
const templates = await loadTemplates(join(import.meta.dirname, '../../templates/conversations'));
const CONVERSATIONS = [...templates.keys()];

type Files = Readonly<Record<string, string>>;

async function render(directory: string): Promise<Files> {
  const portable = (text: string) => text.replaceAll(directory, STACK);
  try {
    const { config } = await loadStackConfig(join(directory, CONFIG), { templates: CONVERSATIONS });
    const planned = planStack(config, { gpus: null });
    const chosen = await chooseTemplates(planned, { templates, store: null });
    const plan = withTemplates(planned, chosen);
    const files = renderCompose(JSON.parse(portable(JSON.stringify(plan))) as StackPlan, {
      parts: await loadParts(TEMPLATES),
      version: '0.0.0',
      buildContext: '.',
      origin: CONFIG,
    });
    return Object.fromEntries(files.map(({ path, text }) => [path, text]));
  } catch (error) {
    if (!(error instanceof LlmOpsError)) throw error;
    const hint = error.hint === null ? '' : `\n    ${error.hint}`;
    return { 'error.txt': portable(`${error.code}\n${error.message}${hint}\n`) };
  }
}

async function expectedPaths(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => path !== CONFIG && !path.startsWith('files/'));
}

async function update(directory: string, files: Files): Promise<void> {
  for (const path of await expectedPaths(directory)) await rm(join(directory, path));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

const cases = readdirSync(GOLDEN).filter((name) => existsSync(join(GOLDEN, name, CONFIG)));

describe('golden cases', () => {
  for (const name of cases) {
    it(`${name} renders to what is beside it`, async () => {
      const directory = join(GOLDEN, name);
      const files = await render(directory);
      if (process.env['UPDATE_GOLDEN'] === '1') await update(directory, files);
      const paths = await expectedPaths(directory);
      assert.deepEqual([...paths].sort(), Object.keys(files).sort());
      for (const path of paths)
        assert.equal(files[path], await readFile(join(directory, path), 'utf8'), path);
    });
  }
});

function hasCompose(): boolean {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

type Environment = Readonly<Record<string, string | null>>;

/** The environment of a container of the file, as Compose understands it. No daemon is asked. */
function environmentOf(file: string, service: string): Environment {
  const text = execFileSync('docker', ['compose', '-f', file, 'config', '--format', 'json'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  type Config = { readonly services: Readonly<Record<string, { environment?: Environment }>> };
  return (JSON.parse(text) as Config).services[service]?.environment ?? {};
}

describe('Compose itself', { skip: hasCompose() ? false : 'docker compose is not here' }, () => {
  const files = cases
    .map((name) => join(GOLDEN, name, 'docker-compose.yml'))
    .filter((file) => existsSync(file));

  for (const file of files) {
    it(`takes the file of ${file.split('/').at(-2) ?? ''}`, () => {
      const env = { PATH: process.env['PATH'] };
      execFileSync('docker', ['compose', '-f', file, 'config', '-q'], { env });
    });
  }

  it('reads values as the configuration has them', async () => {
    const directory = join(GOLDEN, 'weird-values');
    const { config } = await loadStackConfig(join(directory, CONFIG), { templates: CONVERSATIONS });
    const [service] = config.services;
    const read = environmentOf(join(directory, 'docker-compose.yml'), 'weird-engine-0');
    for (const [key, value] of Object.entries(service?.env ?? {}))
      if (value !== null) assert.equal(read[key]?.replaceAll('$$', '$'), value, key);
    assert.ok(readFileSync(join(directory, CONFIG), 'utf8').includes('$'));
  });
});
