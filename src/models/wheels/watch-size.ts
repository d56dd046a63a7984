import { join } from 'node:path';

import { fileBytes, walkFiles } from '../files/walk-files.ts';

const LOOK_MS = 300;

/** Tells every now and then how large the largest file below a directory is: what a program is writing that tells nothing. Returns the stop. */
export function watchSize(directory: string, onBytes: (bytes: number) => void): () => void {
  let isStopped = false;
  let timer: NodeJS.Timeout | null = null;
  const look = async (): Promise<void> => {
    const files = await walkFiles(directory);
    const sizes = await Promise.all(files.map(async (file) => fileBytes(join(directory, file))));
    const bytes = Math.max(0, ...sizes.map((size) => size ?? 0));
    if (isStopped) return;
    if (bytes > 0) onBytes(bytes);
    later();
  };
  const later = (): void => {
    timer = setTimeout(() => {
      // A directory that changes under our eyes is looked at again.
      look().catch(later);
    }, LOOK_MS);
  };
  later();
  return () => {
    isStopped = true;
    if (timer !== null) clearTimeout(timer);
  };
}
