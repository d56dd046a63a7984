/**
 * Reads of a connection → where a reply's head and body end. It unpacks nothing: the end of a chunked body is looked for at the end of a
 * read, where it stands as `\r\n0\r\n\r\n`. No text of ours can look like it, because JSON has no bare line ends.
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKED_END = Buffer.from('\r\n0\r\n\r\n');
/** Enough for what ends an answer: counts, and whatever else stands behind the last text. */
const TAIL = 1_024;

export class ReplyReader {
  /** 0: the head is not here yet. */
  status = 0;
  /** The server closes the connection after this reply. */
  isLast = false;
  /** Of the last read: bytes of it that are body, at its end. */
  bodyBytes = 0;
  #head: Buffer | null = null;
  /** Of the body still to come; null: it is chunked. */
  #missing: number | null = null;
  readonly #tail = Buffer.alloc(2 * TAIL);
  #tailLength = 0;

  /** For the next reply of the connection. */
  reset(): void {
    this.status = 0;
    this.isLast = false;
    this.#head = null;
    this.#tailLength = 0;
  }

  /** Whether the reply ends with these bytes, which are the first `length` of a read's memory. Throws for what is no reply of HTTP/1.1. */
  read(memory: Buffer, length: number): boolean {
    const from = this.status === 0 ? this.#readHead(memory, length) : 0;
    if (from === null) return false;
    this.bodyBytes = length - from;
    this.#keep(memory, from, length);
    if (this.#missing !== null) {
      this.#missing -= length - from;
      return this.#missing <= 0;
    }
    return this.#endsChunked();
  }

  /** The last of the body, with its framing; a kilobyte at least where there is as much. */
  tail(): string {
    return this.#tail.toString('latin1', 0, this.#tailLength);
  }

  /** Where the body begins in the read that completed the head; null: the head goes on. */
  #readHead(memory: Buffer, length: number): number | null {
    const read = memory.subarray(0, length);
    const before = this.#head?.length ?? 0;
    const head = this.#head === null ? read : Buffer.concat([this.#head, read]);
    const end = head.indexOf(HEAD_END);
    if (end < 0) {
      this.bodyBytes = 0;
      this.#head = Buffer.from(head);
      return null;
    }
    const text = head.toString('latin1', 0, end);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
    if (status === undefined) throw new Error('a reply is no HTTP/1.1');
    const known = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    this.#missing = known === undefined ? null : Number(known);
    if (known === undefined && !/\r\ntransfer-encoding: *chunked/i.test(text)) {
      throw new Error('a reply has neither a length nor chunks');
    }
    this.isLast = /\r\nconnection: *close/i.test(text);
    this.status = Number(status);
    // An empty chunked body has no line end before its last chunk but the head's.
    this.#tail.set(HEAD_END.subarray(2), 0);
    this.#tailLength = 2;
    return Math.max(0, end + HEAD_END.length - before);
  }

  #keep(memory: Buffer, from: number, length: number): void {
    const added = length - from;
    if (added >= TAIL) {
      memory.copy(this.#tail, 0, length - TAIL, length);
      this.#tailLength = TAIL;
      return;
    }
    if (this.#tailLength + added > this.#tail.length) {
      this.#tail.copyWithin(0, this.#tailLength - TAIL, this.#tailLength);
      this.#tailLength = TAIL;
    }
    memory.copy(this.#tail, this.#tailLength, from, length);
    this.#tailLength += added;
  }

  #endsChunked(): boolean {
    const at = this.#tailLength - CHUNKED_END.length;
    // Most reads end like a chunk, so the byte that tells is looked at first.
    if (at < 0 || this.#tail[at + 2] !== 0x30) return false;
    return this.#tail.compare(CHUNKED_END, 0, CHUNKED_END.length, at, this.#tailLength) === 0;
  }
}
