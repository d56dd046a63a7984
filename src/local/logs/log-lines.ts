/** Lines of one log file, from a place near its end onwards, across its rotation. */
import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

import { rotatedPath } from './log-file.ts';

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The last lines of a log file, the unfinished one too; none when there is no file. */
export async function lastLines(path: string, count: number): Promise<readonly string[]> {
  const reader = new LogReader(path);
  await reader.skipToTail(count);
  return [...(await reader.readLines()), ...reader.takeRest()];
}

/** Reads what is new at each call. A file that does not exist is one with nothing in it yet. */
export class LogReader {
  readonly #path: string;
  #decoder = new StringDecoder('utf8');
  #position = 0;
  #inode: number | null = null;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Begins at the last `count` lines, in the rotated file where the present one has fewer. */
  async skipToTail(count: number): Promise<void> {
    let missing = count;
    await withFile(this.#path, async (file) => {
      const { ino } = await file.stat();
      const tail = await findTail(file, count);
      [this.#inode, this.#position, missing] = [ino, tail.position, tail.missing];
    });
    if (missing === 0) return;
    await withFile(rotatedPath(this.#path), async (file) => {
      const { ino } = await file.stat();
      [this.#inode, this.#position] = [ino, (await findTail(file, missing)).position];
    });
  }

  /** The whole lines that came since the last call. */
  async readLines(): Promise<readonly string[]> {
    const lines: string[] = [];
    await withFile(this.#path, async (file) => {
      const { ino } = await file.stat();
      if (this.#inode !== null && ino !== this.#inode) await this.#finishRotated(lines);
      this.#inode = ino;
      await this.#readFrom(file, lines);
    });
    return lines;
  }

  /** The unfinished last line, if there is one. */
  takeRest(): readonly string[] {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    return rest === '' ? [] : [lastDrawn(rest)];
  }

  async #finishRotated(lines: string[]): Promise<void> {
    await withFile(rotatedPath(this.#path), async (file) => {
      if ((await file.stat()).ino === this.#inode) await this.#readFrom(file, lines);
    });
    this.#position = 0;
  }

  async #readFrom(file: FileHandle, lines: string[]): Promise<void> {
    const block = Buffer.alloc(BLOCK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const parts = (this.#rest + this.#decoder.write(block.subarray(0, bytesRead))).split('\n');
      this.#rest = parts.pop() ?? '';
      lines.push(...parts.map(lastDrawn));
    }
  }
}

/** A progress bar is drawn over itself: of one line with carriage returns a terminal shows the last drawing. */
function lastDrawn(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? '';
}

/** Where the last `count` lines begin, and how many of them the file does not have. */
async function findTail(
  file: FileHandle,
  count: number,
): Promise<{ readonly position: number; readonly missing: number }> {
  const { size } = await file.stat();
  if (count === 0) return { position: size, missing: 0 };
  const block = Buffer.alloc(BLOCK_BYTES);
  let missing = size === 0 ? count : count - 1;
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    await file.read(block, 0, end - start, start);
    for (let at = end - start - 1; at >= 0; at -= 1) {
      // The newline at the very end closes the last line and opens none.
      if (block[at] !== NEWLINE || start + at === size - 1) continue;
      if (missing === 0) return { position: start + at + 1, missing };
      missing -= 1;
    }
    end = start;
  }
  return { position: 0, missing };
}

async function withFile(path: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
