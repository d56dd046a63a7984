import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/config/values/cache-directory.ts';
import { direct } from './direct.ts';
import { findFastchatTarget } from './fastchat.ts';
import { findNginxTarget } from './nginx.ts';
import { ours } from './ours.ts';
import { findPortkeyTarget } from './portkey.ts';
import type { Target, TargetName, Targets } from './target.ts';

const PEERS = [
  ['nginx', findNginxTarget],
  ['portkey', findPortkeyTarget],
  ['fastchat', findFastchatTarget],
] as const;

export type FindTargets = {
  /** Hears what is missing, and what takes its time. */
  readonly say: (text: string) => void;
  /** Those of the peers that nobody asks for, which are then neither found nor missing. */
  readonly without?: readonly TargetName[];
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/**
 * Everything that this machine has, or can be brought without installing anything: what is fetched lies in the user's cache (by `env`'s
 * XDG_CACHE_HOME), whole or not at all. Never throws for what is missing.
 */
export async function findTargets({ say, without = [], env = {} }: FindTargets): Promise<Targets> {
  const cache = join(cacheDirectory(env, homedir()), 'bench');
  const found = new Map<TargetName, Target>([
    ['direct', direct],
    ['ours', ours],
  ]);
  const missing = new Map<TargetName, string>();
  for (const [name, find] of PEERS) {
    if (without.includes(name)) continue;
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
