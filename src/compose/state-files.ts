/** The rendered files of a stack on this machine: what was made here, and nothing else, is replaced and removed. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RenderedFile } from './render-compose.ts';

/**
 * Writes what differs, each file by rename, so that a reader has the old text or the new one. Containers read the files below the
 * directory as another user, whatever the umask; the directory itself stays its owner's business.
 */
export async function writeFiles(directory: string, files: readonly RenderedFile[]): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const { path, text } of files) {
    const file = join(directory, path);
    await makeReadable(directory, dirname(path));
    if ((await readIfThere(file)) === text) continue;
    const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}${DRAFT_SUFFIX}`);
    try {
      await writeFile(draft, text);
      await chmod(draft, 0o644);
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}

/** Removes rendered files, but for those to keep, and the directories that are empty then, the directory itself included. */
export async function removeFiles(
  directory: string,
  { keep }: { keep: readonly RenderedFile[] },
): Promise<void> {
  const kept = new Set(keep.map((file) => file.path));
  const entries = await listDeep(directory);
  for (const path of entries.files) {
    if (isRendered(path) && !kept.has(path)) await rm(join(directory, path), { force: true });
  }
  for (const path of [...entries.directories.filter(isRenderedDirectory), '']) {
    await removeIfEmpty(join(directory, path));
  }
}

/** Takes the directory away if nothing is in it. */
export async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch {
    // Something is in it that is not ours, or it is gone already.
  }
}

const DRAFT_SUFFIX = '.draft';
const DRAFT = /(?:^|\/)\.[^/]+\.[0-9a-f-]{36}\.draft$/;
const RENDERED =
  /^(?:docker-compose\.yml|traefik\/traefik\.yml|traefik\/dynamic\/tls\.yml|workers\/[^/]+\/(?:worker|engines)\.json)$/;

function isRendered(path: string): boolean {
  return RENDERED.test(path) || DRAFT.test(path);
}

function isRenderedDirectory(path: string): boolean {
  return /^(?:traefik(?:\/dynamic)?|workers(?:\/[^/]+)?)$/.test(path);
}

async function makeReadable(directory: string, path: string): Promise<void> {
  if (path === '.') return;
  await makeReadable(directory, dirname(path));
  await mkdir(join(directory, path), { recursive: true });
  await chmod(join(directory, path), 0o755);
}

/** null: it is not there, or not ours to read. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}

/** Relative paths with `/`; directories after those that lie in them. */
async function listDeep(
  directory: string,
): Promise<{ readonly files: readonly string[]; readonly directories: readonly string[] }> {
  const files: string[] = [];
  const directories: string[] = [];
  const walk = async (path: string): Promise<void> => {
    const entries = await readdir(join(directory, path), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        await walk(inner);
        directories.push(inner);
      } else {
        files.push(inner);
      }
    }
  };
  await walk('');
  return { files, directories };
}
