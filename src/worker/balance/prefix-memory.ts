/**
 * Where beginnings of prompts went last. Bounded: the oldest are forgotten, in two generations (what is met in the old one moves to the
 * young one, and a full young one becomes the old one), which needs no list of uses and never deletes from a large map.
 */
export class PrefixMemory<T> {
  readonly #generation: number;
  #young = new Map<number, T>();
  #old = new Map<number, T>();

  /** It knows at most so many blocks, and at least the half of them that was used last. */
  constructor(mostBlocks: number) {
    this.#generation = Math.ceil(mostBlocks / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Who had the longest beginning of this, among those that count; `blocks`: how much of it. */
  find(
    blocks: readonly number[],
    counts: (owner: T) => boolean,
  ): { readonly owner: T; readonly blocks: number } | null {
    for (let i = blocks.length - 1; i >= 0; i -= 1) {
      const block = blocks[i] ?? 0;
      const owner = this.#young.get(block) ?? this.#old.get(block);
      if (owner !== undefined && counts(owner)) return { owner, blocks: i + 1 };
    }
    return null;
  }

  remember(blocks: readonly number[], owner: T): void {
    for (const block of blocks) {
      this.#young.set(block, owner);
      this.#old.delete(block);
      if (this.#young.size < this.#generation) continue;
      this.#old = this.#young;
      this.#young = new Map();
    }
  }
}
