/** What became of one request, noted down as it goes: for its line in the access log, and for the metrics. Never any of its text. */
import type { Delta, FinishReason, Usage } from '../engines/engine.ts';

export class RequestTrace {
  readonly arrivedAt = performance.now();
  service: string | null = null;
  version: string | null = null;
  /** The last one, where it was tried at several. */
  replica: string | null = null;
  /** How many replicas it was sent to. */
  attempts = 0;
  /** When it got its place at the engine. */
  admittedAt: number | null = null;
  firstTextAt: number | null = null;
  lastTextAt: number | null = null;
  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  /** The code of the error that it ended with. */
  error: string | null = null;
  /** Told of each pause between two pieces of text, in milliseconds. */
  onGap: ((gapMs: number) => void) | null = null;

  noteDelta(delta: Delta): void {
    this.usage = delta.usage ?? this.usage;
    this.finishReason = delta.finishReason;
    if (delta.text === '') return;
    const now = performance.now();
    this.firstTextAt ??= now;
    if (this.lastTextAt !== null) this.onGap?.(now - this.lastTextAt);
    this.lastTextAt = now;
  }
}
