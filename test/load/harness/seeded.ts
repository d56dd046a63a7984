/** Random choices that are the same in each run, so that a failure can be looked at again. */
export type Seeded = {
  /** A whole number from `least` up to `most`, both of them possible. */
  between(least: number, most: number): number;
  pick<T>(choices: readonly T[]): T;
};

/** mulberry32. The seed is any whole number. */
export function createSeeded(seed: number): Seeded {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1));
  return { between, pick: (choices) => choices[between(0, choices.length - 1)]! };
}
