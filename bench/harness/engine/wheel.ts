/** Many things that are due at times of their own, with one timer for all of them. */

export type Wheel<T> = {
  /** `dueMs` on `performance.now()`'s clock. What is due already comes with the next turn. */
  readonly add: (item: T, dueMs: number) => void;
};

/** Turns every millisecond while anything is on it. `onDue` gets each item with the time at which it was due. */
export function createWheel<T>(onDue: (item: T, dueMs: number) => void): Wheel<T> {
  type Entry = { readonly item: T; readonly dueMs: number };
  const slots = new Map<number, Entry[]>();
  let timer: NodeJS.Timeout | null = null;
  let turned = 0;

  function turn(): void {
    const now = Math.floor(performance.now());
    // What is added meanwhile for a time that is over already has its place in the slots that follow.
    while (turned < now) {
      turned += 1;
      const entries = slots.get(turned);
      if (entries === undefined) continue;
      slots.delete(turned);
      for (const { item, dueMs } of entries) onDue(item, dueMs);
    }
    if (slots.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  return {
    add(item, dueMs) {
      if (timer === null) {
        turned = Math.floor(performance.now());
        timer = setInterval(turn, 1);
      }
      const slot = Math.max(Math.ceil(dueMs), turned + 1);
      const entries = slots.get(slot);
      if (entries === undefined) slots.set(slot, [{ item, dueMs }]);
      else entries.push({ item, dueMs });
    },
  };
}
