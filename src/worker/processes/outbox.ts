/**
 * Messages to another process, put together: what is said in one turn of the event loop goes in one write, so that many requests share the
 * cost of it. The order stays.
 */
export type Outbox<M> = {
  readonly send: (message: M) => void;
  /** Writes at once what is left. Resolves when it was handed over, or when nobody is there to take it. */
  readonly flush: () => Promise<void>;
};

/** `write` takes a batch, and calls back when it is written or cannot be. */
export function openOutbox<M>(write: (batch: readonly M[], done: () => void) => void): Outbox<M> {
  let batch: M[] = [];
  const flush = (): Promise<void> => {
    if (batch.length === 0) return Promise.resolve();
    const full = batch;
    batch = [];
    return new Promise((resolve) => write(full, resolve));
  };
  return {
    send: (message) => {
      if (batch.length === 0) setImmediate(() => void flush());
      batch.push(message);
    },
    flush,
  };
}
