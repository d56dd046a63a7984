/** Counts of tokens that an engine told, by the text: FastChat's server has each prompt counted, and sends it for an answer right after. */
import { hash } from 'node:crypto';

const MOST = 1_000;

type Key = { readonly text: string; readonly addSpecialTokens: boolean };

export class KnownCounts {
  /** By a digest, so that nobody's prompt is kept. The oldest comes first. */
  readonly #counts = new Map<string, number>();

  get(key: Key): number | null {
    return this.#counts.get(digestOf(key)) ?? null;
  }

  note(key: Key, count: number): void {
    const digest = digestOf(key);
    this.#counts.delete(digest);
    this.#counts.set(digest, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MOST && oldest !== undefined) this.#counts.delete(oldest);
  }

  clear(): void {
    this.#counts.clear();
  }
}

function digestOf({ text, addSpecialTokens }: Key): string {
  return `${addSpecialTokens ? '+' : '-'}${hash('sha256', text, 'base64')}`;
}
