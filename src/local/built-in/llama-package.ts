/** The native package of the built-in llama.cpp: which one this machine needs, and where it lies. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { cacheDirectory } from '../../config/values/cache-directory.ts';
import type { Environment } from '../units/unit-specs.ts';
import { binaryPackage, platformName, type Machine } from './machine.ts';

const LLAMA_PACKAGE = 'node-llama-cpp';

const Manifest = z.object({ dependencies: z.object({ [LLAMA_PACKAGE]: z.string() }) });

export type LlamaPackage = {
  readonly version: string;
  /** `linux-x64`; for people and paths. */
  readonly platform: string;
  /** The npm package with the binaries for this machine; null: there is none. */
  readonly binary: string | null;
  /** Where it lies once it is fetched, absolute. */
  readonly directory: string;
  /** Where the product pins it: package.json and package-lock.json. */
  readonly pins: string;
};

export type LlamaPackageOptions = {
  readonly productRoot: string;
  readonly env: Environment;
  readonly machine: Machine;
};

/**
 * Pinned by the product, kept for all stacks of this user in `<cache>/llama.cpp/<version>-<platform>-<lock>`: other pins are another package,
 * and engines that run keep the one that they have loaded.
 */
export function llamaPackage({ productRoot, env, machine }: LlamaPackageOptions): LlamaPackage {
  const pins = join(productRoot, 'native/llama.cpp');
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(pins, 'package.json'), 'utf8')));
  const lock = readFileSync(join(pins, 'package-lock.json'));
  const version = manifest.dependencies[LLAMA_PACKAGE];
  const platform = platformName(machine);
  const cache = cacheDirectory(env, homedir());
  return {
    version,
    platform,
    binary: binaryPackage(machine),
    directory: join(cache, 'llama.cpp', `${version}-${platform}-${hashOf(lock)}`),
    pins,
  };
}

function hashOf(lock: Buffer): string {
  return createHash('sha256').update(lock).digest('hex').slice(0, 8);
}

/** It is put into its place whole, so what is there is complete. */
export function isFetched({ directory }: Pick<LlamaPackage, 'directory'>): boolean {
  return existsSync(join(directory, 'node_modules', LLAMA_PACKAGE, 'package.json'));
}
