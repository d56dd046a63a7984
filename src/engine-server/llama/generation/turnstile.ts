/** Lets everybody pass, except while somebody needs to be alone. */
export type Turnstile = {
  /** Resolves when nobody is alone or wants to be. To be awaited before each step. */
  pass(): Promise<void>;
  /** Does an act while nobody passes; those who passed before may still be on their step. */
  alone<Value>(act: () => Promise<Value>): Promise<Value>;
};

/**
 * node-llama-cpp cuts a sequence's state under the lock that its computing loop holds, and the loop goes on for as long as any sequence has
 * something to compute: beside three busy slots the fourth would never get its turn (seen with 3.22.1). So whoever has to cut makes the
 * others pause before their next step, and the loop ends.
 */
export function createTurnstile(): Turnstile {
  const acts = new Set<Promise<unknown>>();
  return {
    async pass() {
      while (acts.size > 0) await Promise.allSettled(acts);
    },
    async alone(act) {
      const done = act();
      acts.add(done);
      try {
        return await done;
      } finally {
        acts.delete(done);
      }
    },
  };
}
