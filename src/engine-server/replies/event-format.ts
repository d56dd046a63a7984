import type { Step } from '../core/steps.ts';
import { type ReplyShape, toUsage } from './reply-shape.ts';

export type EventFormat = {
  /** The event before the first token. */
  opening(fields: object): string;
  step(step: Step): string;
};

export type EventFormatOptions = {
  readonly shape: ReplyShape;
  readonly promptTokens: number;
  /** The usage so far in every event. */
  readonly continuousUsage: boolean;
};

/** Stands where the text will be, and only among words of our own, so nothing that a client sends is taken for it. */
const TEXT = '\u0000text\u0000';

/**
 * The events of one stream. Of an ordinary one only the text and the usage differ from the one before, so all else is serialised once.
 */
export function createEventFormat(options: EventFormatOptions): EventFormat {
  const { shape, promptTokens, continuousUsage } = options;
  const head = `data: ${JSON.stringify(shape.eventHead).slice(0, -1)},"choices":`;
  const sample = { text: TEXT, completionTokens: 2, finishReason: null, stopReason: null };
  const [before = '', after = ''] = JSON.stringify(shape.stepChoices(sample)).split(
    JSON.stringify(TEXT),
  );
  const ordinary = head + before;
  const usage = (completionTokens: number) => toUsage(promptTokens, completionTokens);

  return {
    opening: (fields) =>
      toEvent({ ...shape.eventHead, ...fields, ...(continuousUsage ? { usage: usage(0) } : {}) }),
    step(step) {
      const { text, completionTokens, finishReason } = step;
      // The first one may have the prompt before its text.
      const isOrdinary = finishReason === null && completionTokens > 1;
      const event = isOrdinary
        ? ordinary + JSON.stringify(text) + after
        : head + JSON.stringify(shape.stepChoices(step));
      if (!continuousUsage) return `${event}}\n\n`;
      return `${event},"usage":${JSON.stringify(usage(completionTokens))}}\n\n`;
    },
  };
}

export function toEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
