/** Portkey's gateway as npm has it, with the one override that it needs, in the cache. */
import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchOnce, type Found, tryCommand } from '../fetch-once.ts';

/** A directory of its own: the package's manifest says what the scripts beside it are. */
const PINS = join(import.meta.dirname, 'pins');
const FILES = ['package.json', 'package-lock.json'];
const NPM_CI = [
  'npm',
  'ci',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--no-progress',
] as const;
/** npm waits up to a minute between two attempts by default. */
const RETRIES = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];

export type Portkey = {
  /** The script that Node runs. */
  readonly script: string;
  readonly version: string;
};

/** `cache`: the directory that the bench keeps programs in. */
export async function findPortkey(cache: string): Promise<Found<Portkey>> {
  const lock = await readFile(join(PINS, 'package-lock.json'), 'utf8');
  // A changed lock is another directory.
  const key = createHash('sha256').update(lock).digest('hex').slice(0, 12);
  const directory = join(cache, `portkey-${key}`);
  const reason = await fetchOnce(directory, fetchInto);
  if (reason !== null) return { missing: reason };
  const script = join(directory, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  return { script, version: versionIn(lock) };
}

async function fetchInto(draft: string): Promise<string | null> {
  for (const file of FILES) await copyFile(join(PINS, file), join(draft, file));
  const reason = await tryCommand([...NPM_CI, ...RETRIES], draft);
  return reason === null ? null : `npm cannot fetch it: ${reason}`;
}

function versionIn(lock: string): string {
  const { packages } = JSON.parse(lock) as {
    readonly packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  return packages['node_modules/@portkey-ai/gateway']?.version ?? '';
}
