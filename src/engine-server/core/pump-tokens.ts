import type { Sampling, TextSource, TimedTokens } from '../text-source.ts';
import type { Appointment, Clock } from './clock.ts';

/** Whether an answer wants another token. */
export type Verdict = 'next' | 'enough';

export type PumpInput = {
  readonly clock: Clock;
  readonly prompt: readonly number[];
  readonly sampling: Sampling;
  readonly signal: AbortSignal;
  /** Called once, when the generation begins, with the tokens of the prompt that a cache spares; null: the source has no cache. */
  readonly begun: (cachedTokens: number | null) => void;
  /** Called with one token after the other; the next one comes when what it returned is settled. */
  readonly take: (token: number) => Verdict | Promise<Verdict>;
};

/**
 * Brings the tokens of one answer to `take` until it has enough. Resolves with whether it has; the source may end before. Rejects when the
 * signal aborts, or with what `take` throws.
 *
 * Tokens that are due by the clock come from a timer's callback straight to the socket: no promise, no generator and no listener for each of
 * them, since at 20,000 tokens a second these cost as much as the writing.
 */
export async function pumpTokens(source: TextSource, input: PumpInput): Promise<boolean> {
  const { prompt, sampling, signal, begun, take } = input;
  signal.throwIfAborted();
  if ('begin' in source) {
    const tokens = source.begin(prompt, sampling);
    begun(tokens.cachedTokens);
    try {
      await pumpByClock(tokens, input);
    } finally {
      tokens.end();
    }
    return true;
  }
  begun(null);
  for await (const token of source.generate(prompt, sampling, signal)) {
    if ((await take(token)) === 'enough') return true;
  }
  return false;
}

/** A token may be late by this part of the time between two, and by no more than the second, to come together with other streams' tokens. */
const GRACE = 4;
const LONGEST_GRACE_MS = 5;

async function pumpByClock(tokens: TimedTokens, { clock, signal, take }: PumpInput): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const startMs = performance.now();
  let index = 0;
  let appointment: Appointment | undefined;
  let turn: NodeJS.Immediate | undefined;

  // Goes by the clock, not by the last token, so that the pace holds; gives way to others even when it is late.
  const wait = () => {
    const dueMs = tokens.dueMs(index);
    const timeMs = startMs + dueMs;
    if (timeMs - performance.now() < 1) {
      turn = setImmediate(step);
      return;
    }
    const graceMs = Math.floor((tokens.dueMs(index + 1) - dueMs) / GRACE);
    appointment = clock.at(timeMs, Math.min(LONGEST_GRACE_MS, Math.max(1, graceMs)), step);
  };
  const goOn = (verdict: Verdict) => {
    if (verdict === 'enough') resolve(undefined);
    else if (!signal.aborted) wait();
  };
  const step = () => {
    index += 1;
    try {
      const taken = take(tokens.next());
      if (typeof taken === 'string') goOn(taken);
      else taken.then(goOn, reject);
    } catch (error) {
      reject(error);
    }
  };
  const leave = () => {
    if (appointment !== undefined) clock.cancel(appointment);
    clearImmediate(turn);
    reject(signal.reason as Error);
  };

  signal.addEventListener('abort', leave, { once: true });
  wait();
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
