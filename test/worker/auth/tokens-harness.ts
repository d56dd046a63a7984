/** A worker whose directory has `tokens.json` beside the configuration. */
import { hash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { z } from 'zod';
import type { WorkerConfigInput, WorkerTokens } from '../../../src/config/worker-config.ts';
import { serveWorker } from '../../../src/worker/serve.ts';

type TokensInput = z.input<typeof WorkerTokens>;
export type TokenInput = TokensInput['tokens'][number];

export const bearer = (token: string): { authorization: string } => ({
  authorization: `Bearer ${token}`,
});

/** The entry of a token, which is also its id. */
export function entry(token: string, rights: Partial<TokenInput> = {}): TokenInput {
  return { id: token, sha256: hash('sha256', token), ...rights };
}

export function tokensFile(...tokens: readonly TokenInput[]): string {
  return JSON.stringify({ tokens });
}

export async function emptyDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-tokens-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes a file as it is written in earnest: by rename. */
export async function put(directory: string, name: string, text: string): Promise<void> {
  await writeFile(join(directory, `${name}.next`), text);
  await rename(join(directory, `${name}.next`), join(directory, name));
}

export type GuardedWorker = {
  readonly url: string;
  readonly directory: string;
  readonly configure: (...tokens: readonly TokenInput[]) => Promise<void>;
};

/** `tokens` null: without a file. */
export async function startGuarded(
  t: TestContext,
  config: WorkerConfigInput,
  tokens: readonly TokenInput[] | null,
): Promise<GuardedWorker> {
  const directory = await emptyDirectory(t);
  const configure = (...next: readonly TokenInput[]): Promise<void> =>
    put(directory, 'tokens.json', tokensFile(...next));
  await put(directory, 'worker.json', JSON.stringify(config));
  if (tokens !== null) await configure(...tokens);
  const worker = await serveWorker({
    configDirectory: directory,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'silent',
    drainMs: 0,
  });
  t.after(() => worker.close());
  return { url: worker.url, directory, configure };
}
