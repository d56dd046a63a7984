import { setTimeout as startTimer } from 'node:timers';

export type Closable = { close(): Promise<void> };

export type IdleUnloadInput<Thing> = {
  /** Called again after each unloading. The signal aborts when the whole is closed. */
  readonly open: (signal: AbortSignal) => Promise<Thing>;
  /** Without a user; null: never unloads. */
  readonly idleMs: number | null;
  readonly onUnload: () => void;
};

/** Something big that is loaded while it has users, and for a while longer. */
export type IdleUnload<Thing> = {
  /** Loads it when it is not there; concurrent callers share one loading. Each call that resolves needs one `release`. Rejects when the signal aborts, or with the failure of the loading, and then the next call tries again. */
  acquire(signal: AbortSignal): Promise<Thing>;
  release(): void;
  /** Ends a loading that is under way, and unloads. No user may be left. */
  close(): Promise<void>;
};

export function createIdleUnload<Thing extends Closable>(
  input: IdleUnloadInput<Thing>,
): IdleUnload<Thing> {
  const closing = new AbortController();
  let current: Promise<Thing> | null = null;
  let unloaded: Promise<unknown> = Promise.resolve();
  let users = 0;
  let timer: NodeJS.Timeout | undefined;

  function load(): Promise<Thing> {
    // Two of them at a time may be more than the memory holds.
    const attempt = unloaded.then(() => input.open(closing.signal));
    attempt.catch(() => {
      if (current === attempt) current = null;
    });
    return attempt;
  }

  function unload(): void {
    clearTimeout(timer);
    const gone = current;
    current = null;
    if (gone !== null) unloaded = gone.then((thing) => thing.close()).catch(() => undefined);
  }

  function release(): void {
    users -= 1;
    if (users > 0 || input.idleMs === null || closing.signal.aborted) return;
    timer = startTimer(() => {
      if (current === null) return;
      unload();
      void unloaded.then(input.onUnload);
    }, input.idleMs);
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      clearTimeout(timer);
      users += 1;
      try {
        current ??= load();
        return await orAborted(current, signal);
      } catch (error) {
        release();
        throw error;
      }
    },
    release,
    async close() {
      closing.abort();
      unload();
      await unloaded;
    },
  };
}

async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const leave = () => reject(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
