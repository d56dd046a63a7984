import type { Job } from '../core/job.ts';
import type { Outcome } from '../core/stats.ts';
import type { ErrorReply } from '../http-errors.ts';
import type { AnswerWriter } from './answer.ts';
import { openBody } from './reply-body.ts';
import { type ReplyShape, toUsage } from './reply-shape.ts';

export type WholeWriterOptions = { readonly shape: ReplyShape; readonly promptTokens: number };

/** The answer as one JSON body, after its last token. */
export function createWholeWriter(
  job: Job,
  { shape, promptTokens }: WholeWriterOptions,
): AnswerWriter {
  const texts: string[] = [];
  let json = '';

  return {
    open: () => null,
    step(step) {
      texts.push(step.text);
      if (step.finishReason !== null) {
        const usage = toUsage(promptTokens, step.completionTokens);
        json = JSON.stringify(shape.whole(texts.join(''), step, usage));
      }
      return null;
    },
    finish: (outcome) => sendWhole(job, { status: 200, json, outcome }),
    cut(step, outcome) {
      const usage = toUsage(promptTokens, step.completionTokens);
      const whole = JSON.stringify(shape.whole([...texts, step.text].join(''), step, usage));
      sendWhole(job, { status: 200, json: whole.slice(0, whole.length >> 1), outcome });
    },
    fail: (reply, outcome) => sendError(job, reply, outcome),
  };
}

/** An error instead of an answer, of either kind. Settles the job. */
export function sendError(job: Job, { status, body }: ErrorReply, outcome: Outcome): void {
  sendWhole(job, { status, json: JSON.stringify(body), outcome });
}

type WholeReply = {
  readonly status: number;
  readonly json: string;
  readonly outcome: Outcome;
};

function sendWhole(job: Job, { status, json, outcome }: WholeReply): void {
  const bytes = Buffer.from(json);
  const head = { status, contentType: 'application/json', length: bytes.length };
  openBody(job, head).end(bytes, outcome);
}
