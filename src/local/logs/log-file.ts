import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const NEWLINE = 0x0a;
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** Where the full log is kept; the one before that is lost. */
export function rotatedPath(path: string): string {
  return `${path}.1`;
}

/**
 * Appends a child's output to a file that never grows beyond `maxBytes`: the full one is moved aside once. Writing is synchronous,
 * so that the last words before a crash are there, and a full disk loses output but never the child.
 */
export class LogFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: number | null = null;
  #bytes = 0;
  #isLineOpen = false;

  constructor(path: string, maxBytes = MAX_LOG_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  write(chunk: Buffer): void {
    try {
      if (this.#file !== null && this.#bytes + chunk.length > this.#maxBytes) this.#rotate();
      const file = this.#file ?? this.#open();
      this.#bytes += writeSync(file, chunk);
      this.#isLineOpen = chunk.at(-1) !== NEWLINE;
    } catch {
      this.close();
    }
  }

  /** A line of our own, which begins a new one even after a child's unfinished words. */
  writeLine(text: string): void {
    this.write(Buffer.from(`${this.#isLineOpen ? '\n' : ''}${text}\n`));
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #open(): number {
    const file = openSync(this.#path, 'a', 0o600);
    this.#bytes = fstatSync(file).size;
    this.#file = file;
    return file;
  }

  #rotate(): void {
    this.close();
    renameSync(this.#path, rotatedPath(this.#path));
  }
}
