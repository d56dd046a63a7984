/** What engines do while they load, as whoever watches their logs wrote it beside the configuration. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ENGINE_PROGRESS_FILE,
  EngineProgressFile,
  PROGRESS_BELIEVED_MS,
} from '../../config/worker-config.ts';

/** Short phrases for people, by replica id: those that are young enough to be believed. */
export type EngineProgress = Readonly<Record<string, string>>;

/** Many requests may be refused at once: they share what was read so shortly before. */
const READ_EVERY_MS = 200;

/** More than a phrase for each of some hundred replicas: no file of ours. */
const MOST_BYTES = 64 * 1024;
const LONGEST_PHRASE = 200;

/** Returns the function that reads the file anew, at most every 200 ms. A file that is missing, broken or huge tells nothing. */
export function openEngineProgress(
  directory: string,
  now: () => number = Date.now,
): () => Promise<EngineProgress> {
  const file = join(directory, ENGINE_PROGRESS_FILE);
  let reading: Promise<EngineProgressFile> | null = null;
  let readAt = -Infinity;
  return async () => {
    const asked = now();
    // A clock that was set back would keep the old answer for long.
    if (reading === null || Math.abs(asked - readAt) >= READ_EVERY_MS) {
      readAt = asked;
      reading = readProgressFile(file);
    }
    const entries = Object.entries(await reading);
    return Object.fromEntries(
      entries
        .filter(([, entry]) => Math.abs(asked - entry.at_ms) < PROGRESS_BELIEVED_MS)
        .map(([replica, { text }]) => [replica, text.slice(0, LONGEST_PHRASE)]),
    );
  };
}

async function readProgressFile(file: string): Promise<EngineProgressFile> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) return {};
    return EngineProgressFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}
