/** A command line without a machine below it: fake runtimes, no GPUs asked for, and what was printed as text. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { CliContext, CommonOptions } from '../../src/cli/cli-context.ts';
import type { HostObservation } from '../../src/control/observe-host.ts';
import type { LlmOpsError } from '../../src/errors.ts';
import { type FakeModelStore, fakeModelStore } from '../control/fake-model-store.ts';
import { fakeRuntimes } from '../control/fake-runtime.ts';

export const PRODUCT_ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export type FakeContext = CliContext & {
  readonly fakes: ReturnType<typeof fakeRuntimes>;
  readonly store: FakeModelStore;
  readonly stop: AbortController;
  /** What was printed on each side, a string a text. */
  readonly data: string[];
  readonly notes: string[];
};

export type FakeContextOptions = {
  readonly dockerProblem?: LlmOpsError;
  readonly host?: HostObservation;
};

export function fakeContext({ dockerProblem, host }: FakeContextOptions = {}): FakeContext {
  const data: string[] = [];
  const notes: string[] = [];
  const stop = new AbortController();
  const fakes = fakeRuntimes(dockerProblem ?? null);
  const store = fakeModelStore();
  return {
    productRoot: PRODUCT_ROOT,
    env: {},
    command: 'llm-ops',
    terminal: {
      out: (text) => data.push(text),
      note: (text) => notes.push(text),
      paint: (_, text) => text,
      progress: null,
    },
    cache: '/home/me/.cache/llm-ops',
    fakes,
    store,
    modelStore: () => Promise.resolve(store),
    runtimes: () => Promise.resolve(fakes),
    observeHost: () => Promise.resolve(host ?? { host: { gpus: [] }, problem: null }),
    interruption: () => stop.signal,
    stop,
    data,
    notes,
  };
}

/** A directory of the test's own. */
export async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-test-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes a configuration and gives the options that every verb takes. */
export async function configured(
  t: TestContext,
  text: string,
): Promise<CommonOptions & { readonly directory: string }> {
  const directory = await scratch(t);
  const file = join(directory, 'llm-ops.yml');
  await writeFile(file, text);
  return { directory, file, json: false, verbose: false };
}

/** Two simulated services behind a port. */
export function twoServices(port = 8989): string {
  return `name: two
gateway: { http_port: ${String(port)} }
services:
  Llama-2-7b: { engine: sim, template: one_shot }
  vicuna: { engine: sim }
`;
}
