/** How fast something comes, and how long it still takes. */
import type { PullProgress } from '../../models/model-store.ts';
import { printBytes } from './print-bytes.ts';

export type Transfer = {
  /** null: nobody knows yet. */
  readonly bytesPerS: number | null;
  readonly secondsLeft: number | null;
};

type Sample = { readonly atMs: number; readonly doneBytes: number };

/** Only the last seconds count: a line that got slow says so. */
const WINDOW_MS = 10_000;
/** Progress comes with every piece of a file; so many are enough. */
const SAMPLE_MS = 250;
/** Less says nothing. */
const LEAST_MS = 500;

/** Takes progress as it comes, with the time in milliseconds of any clock that only goes forward. */
export function measureTransfer(): (progress: PullProgress, nowMs: number) => Transfer {
  const samples: Sample[] = [];
  let last: PullProgress | null = null;
  return (progress, nowMs) => {
    const { text, doneBytes, totalBytes } = progress;
    // Another file, or the same from the start.
    if (last === null || text !== last.text || doneBytes < last.doneBytes) samples.length = 0;
    last = progress;
    if (nowMs - (samples.at(-1)?.atMs ?? -Infinity) >= SAMPLE_MS)
      samples.push({ atMs: nowMs, doneBytes });
    // The oldest is from before the window, so that a line that stands still is seen to.
    while (nowMs - (samples[1]?.atMs ?? nowMs) > WINDOW_MS) samples.shift();
    const [first] = samples;
    if (first === undefined || nowMs - first.atMs < LEAST_MS)
      return { bytesPerS: null, secondsLeft: null };
    const bytesPerS = ((doneBytes - first.doneBytes) * 1000) / (nowMs - first.atMs);
    const isKnown = totalBytes !== null && bytesPerS > 0;
    return { bytesPerS, secondsLeft: isKnown ? (totalBytes - doneBytes) / bytesPerS : null };
  };
}

/** `model.gguf: 42 % of 94 MB, 12 MB/s, 5 s left`; what is not known is left out. */
export function printTransfer(
  { text, doneBytes, totalBytes }: PullProgress,
  { bytesPerS, secondsLeft }: Transfer,
): string {
  if (doneBytes === 0 && totalBytes === null) return text;
  const { amount, isDone } = printAmount(doneBytes, totalBytes);
  const facts = [
    amount,
    ...(isDone || bytesPerS === null ? [] : [`${printBytes(bytesPerS)}/s`]),
    ...(isDone || secondsLeft === null ? [] : [`${printSeconds(secondsLeft)} left`]),
  ];
  return `${text}: ${facts.join(', ')}`;
}

function printAmount(
  doneBytes: number,
  totalBytes: number | null,
): { readonly amount: string; readonly isDone: boolean } {
  if (totalBytes === null) return { amount: printBytes(doneBytes), isDone: false };
  if (doneBytes >= totalBytes) return { amount: printBytes(totalBytes), isDone: true };
  const percent = Math.floor((doneBytes / totalBytes) * 100);
  return { amount: `${String(percent)} % of ${printBytes(totalBytes)}`, isDone: false };
}

function printSeconds(seconds: number): string {
  if (seconds < 100) return `${String(Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 100) return `${String(minutes)} min`;
  return `${String(Math.ceil(minutes / 60))} h`;
}
