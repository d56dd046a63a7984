import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of all files below a directory, now. What goes away meanwhile does not count. */
export function directoryBytes(directory: string): number {
  let bytes = 0;
  for (const name of namesIn(directory)) {
    const stat = lstatSync(join(directory, name), { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) bytes += directoryBytes(join(directory, name));
    else bytes += stat?.size ?? 0;
  }
  return bytes;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
