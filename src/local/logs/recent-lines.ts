import { StringDecoder } from 'node:string_decoder';

const MAX_LINES = 500;
const MAX_LINE_CHARS = 2_000;

/** The last lines of one life of a child, the unfinished one too. Progress bars end their lines with a carriage return only. */
export class RecentLines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #lines: string[] = [];
  #rest = '';

  write(chunk: Buffer): void {
    const parts = (this.#rest + this.#decoder.write(chunk)).split(/[\r\n]+/);
    this.#rest = cut(parts.pop() ?? '');
    for (const part of parts) if (part !== '') this.#lines.push(cut(part));
    this.#lines.splice(0, this.#lines.length - MAX_LINES);
  }

  get lines(): readonly string[] {
    return this.#rest === '' ? this.#lines : [...this.#lines, this.#rest];
  }
}

function cut(line: string): string {
  return line.slice(0, MAX_LINE_CHARS);
}
