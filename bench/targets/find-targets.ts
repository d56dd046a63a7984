import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/config/values/cache-directory.ts';
import { direct } from './direct.ts';
import { findNginxTarget } from './nginx.ts';
import { ours } from './ours.ts';
import { findPortkeyTarget } from './portkey.ts';
import type { Target, TargetName, Targets } from './target.ts';

const PEERS = [
  ['nginx', findNginxTarget],
  ['portkey', findPortkeyTarget],
] as const;

/**
 * Everything that this machine has, or can be brought without installing anything: what is fetched lies in the user's cache (by `env`'s
 * XDG_CACHE_HOME), whole or not at all. `say` hears what is missing. Never throws for what is missing.
 */
export async function findTargets(
  say: (text: string) => void,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Targets> {
  const cache = join(cacheDirectory(env, homedir()), 'bench');
  const found = new Map<TargetName, Target>([
    ['direct', direct],
    ['ours', ours],
  ]);
  const missing = new Map<TargetName, string>();
  for (const [name, find] of PEERS) {
    const target = await find(cache);
    if (!('missing' in target)) {
      found.set(name, target);
      continue;
    }
    missing.set(name, target.missing);
    say(`${name} is left out: ${target.missing}`);
  }
  return { found, missing };
}
