/** Streams one at a time over a kept connection, and when their chunks came. */
import { faultOfEnd, type StreamForm } from './answer-end.ts';
import { openAsker } from './asker.ts';
import type { AskOptions } from './asker.ts';

export type ProberOptions = AskOptions & { readonly form: StreamForm };

export type Probe = {
  /** From the request's write to the first byte of the body, in milliseconds. */
  readonly firstMs: number;
  /** Between reads; the longest one. 0: everything came at once. */
  readonly longestGapMs: number;
};

export type Prober = {
  /** Asks for one stream and waits for its end. Rejects where it does not end as its form should. */
  readonly probe: () => Promise<Probe>;
  readonly close: () => void;
};

/** Connected when it resolves. Rejects where nobody listens. */
export async function openProber({ port, shape, form }: ProberOptions): Promise<Prober> {
  let readsAtMs: number[] = [];
  const asker = await openAsker({ port, shape, onBody: (atMs) => readsAtMs.push(atMs) });
  return {
    probe: async () => {
      readsAtMs = [];
      await asker.ask();
      const fault = faultOfEnd(form, asker.tail());
      if (fault !== null) throw new Error(fault);
      const gaps = readsAtMs.slice(1).map((atMs, at) => atMs - (readsAtMs[at] ?? 0));
      return { firstMs: readsAtMs[0] ?? NaN, longestGapMs: Math.max(0, ...gaps) };
    },
    close: asker.close,
  };
}
