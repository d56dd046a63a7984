/** Files that `render` writes: compares, writes and removes them, and tells them from other people's. */
import { mkdir, readdir, readFile, rename, rmdir, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { WORKER_CONFIG_FILE, WorkerConfig } from '../config/worker-config.ts';

/** `path` is relative to the directory that is rendered into, with `/`. */
export type GeneratedFile = { readonly path: string; readonly text: string };

export type Comparison = {
  /** Paths of files that are missing or have another text, foreign ones among them. */
  readonly changed: readonly string[];
  /** Those of them that lie there and that we did not write. */
  readonly foreign: readonly string[];
  /** Paths of files that we wrote once and that are no longer part of it. */
  readonly stale: readonly string[];
};

// Only here may something of an earlier rendering be left over.
const OWN_DIRECTORIES = ['traefik', 'workers'];

export async function compareGenerated(
  directory: string,
  files: readonly GeneratedFile[],
): Promise<Comparison> {
  const changed: string[] = [];
  const foreign: string[] = [];
  for (const { path, text } of files) {
    const present = await readIfThere(join(directory, path));
    if (present === text) continue;
    changed.push(path);
    if (present !== null && !isOurs(path, present)) foreign.push(path);
  }
  const wanted = new Set(files.map((file) => file.path));
  const stale: string[] = [];
  for (const path of await listOwnDirectories(directory)) {
    if (wanted.has(path)) continue;
    const present = await readIfThere(join(directory, path));
    if (present !== null && isOurs(path, present)) stale.push(path);
  }
  return { changed, foreign, stale };
}

/** Each file appears whole or not at all: a worker may be reading it. */
export async function writeGenerated(
  directory: string,
  files: readonly GeneratedFile[],
): Promise<void> {
  for (const { path, text } of files) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    const draft = `${target}.${String(process.pid)}.tmp`;
    await writeFile(draft, text);
    await rename(draft, target);
  }
}

export async function removeGenerated(directory: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await unlink(join(directory, path));
    await rmdir(dirname(join(directory, path))).catch(() => undefined);
  }
}

/** JSON has no room for a mark: a worker's configuration is known by its outline, which an older version's has, too. */
const Outline = z.looseObject({
  role: WorkerConfig.shape.role,
  services: z.array(z.looseObject({ name: z.string(), versions: z.array(z.unknown()) })),
});

function isOurs(path: string, text: string): boolean {
  if (path.endsWith(`/${WORKER_CONFIG_FILE}`)) return Outline.safeParse(parseJson(text)).success;
  const [head = ''] = text.split('\n', 1);
  return head.startsWith('# Generated ') && head.includes('llm-ops');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function listOwnDirectories(directory: string): Promise<readonly string[]> {
  const lists = OWN_DIRECTORIES.map(async (own) => {
    const entries = await readdir(join(directory, own), {
      recursive: true,
      withFileTypes: true,
    }).catch(ignoreMissing);
    return (entries ?? [])
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  });
  return (await Promise.all(lists)).flat().sort();
}

async function readIfThere(path: string): Promise<string | null> {
  return (await readFile(path, 'utf8').catch(ignoreMissing)) ?? null;
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
