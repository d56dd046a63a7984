/** Bipartite matching: which slot gets which GPU, when every slot takes only some of them. */

/** For each slot the GPUs that will do, as positions in ascending order. Slots that take the same should share a list: it is read once. */
export type Slots = readonly (readonly number[])[];

/**
 * As many slots as possible get a GPU of their own. The earlier slot keeps its place when not all can have one. The result has a GPU
 * for each slot, or null.
 */
export function matchMost(slots: Slots): readonly (number | null)[] {
  return matched(slots).given;
}

/**
 * A GPU for every slot, or null when there is no such assignment. Of all assignments it is the one where the first slot's GPU is the
 * lowest, then the second slot's, and so on.
 */
export function matchAll(slots: Slots): readonly number[] | null {
  const matching = matched(slots);
  if (matching.given.includes(null)) return null;
  const settled = new Set<number>();
  return slots.map((gpus, slot) => {
    // With its own GPU free again the slot finds one in any case, and whoever has to make room for it, too.
    matching.holders.delete(matching.given[slot] ?? -1);
    const search = newSearch(settled);
    const lowest = gpus.find(
      (gpu) => !settled.has(gpu) && take(matching, { slot, gpus: [gpu], search }),
    );
    if (lowest === undefined) throw new Error('a slot lost its GPU although an assignment exists');
    settled.add(lowest);
    return lowest;
  });
}

type Matching = {
  readonly slots: Slots;
  /** By slot. */
  readonly given: (number | null)[];
  /** The slot that has a GPU. */
  readonly holders: Map<number, number>;
};

function matched(slots: Slots): Matching {
  const matching: Matching = { slots, given: slots.map(() => null), holders: new Map() };
  const nothing = new Set<number>();
  slots.forEach((gpus, slot) => take(matching, { slot, gpus, search: newSearch(nothing) }));
  return matching;
}

/** What need not be looked at again: from a GPU that was seen in vain no way leads to a free one. */
type Search = {
  /** GPUs whose slots stay where they are. */
  readonly settled: ReadonlySet<number>;
  readonly seen: Set<number>;
  readonly seenLists: Set<readonly number[]>;
};

function newSearch(settled: ReadonlySet<number>): Search {
  return { settled, seen: new Set(), seenLists: new Set() };
}

type Taking = { readonly slot: number; readonly gpus: readonly number[]; readonly search: Search };

/**
 * Gives a slot without a GPU one of these, by an augmenting path: its holder moves to another, whose holder moves on, until one takes a
 * free GPU. False when there is no such way; then all is as before.
 */
function take(matching: Matching, { slot, gpus, search }: Taking): boolean {
  const { slots, holders } = matching;
  const { settled, seen, seenLists } = search;
  const held: number[] = [];
  /** From which GPU a slot would move to this one; null: it is for the slot itself. */
  const cameFrom = new Map<number, number | null>();
  /** The first free GPU of a list; the others are noted, for their slots to move. */
  const look = (list: readonly number[], from: number | null): number | null => {
    if (seenLists.has(list)) return null;
    seenLists.add(list);
    for (const gpu of list) {
      if (settled.has(gpu) || seen.has(gpu)) continue;
      seen.add(gpu);
      cameFrom.set(gpu, from);
      if (!holders.has(gpu)) return gpu;
      held.push(gpu);
    }
    return null;
  };
  let free = look(gpus, null);
  // It grows while it is read: nearer GPUs first.
  for (const gpu of held) {
    if (free !== null) break;
    free = look(slots[holders.get(gpu) ?? slot] ?? [], gpu);
  }
  if (free === null) return false;
  move(matching, { slot, free, cameFrom });
  return true;
}

type Move = {
  readonly slot: number;
  readonly free: number;
  readonly cameFrom: ReadonlyMap<number, number | null>;
};

/** Every slot of a path goes on to its next GPU, beginning with the one that takes the free GPU. */
function move({ given, holders }: Matching, { slot, free, cameFrom }: Move): void {
  for (let to: number | null = free; to !== null;) {
    const from: number | null = cameFrom.get(to) ?? null;
    const mover = from === null ? slot : (holders.get(from) ?? slot);
    holders.set(to, mover);
    given[mover] = to;
    to = from;
  }
}
