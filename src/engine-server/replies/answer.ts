import type { FastifyReply } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EngineCore } from '../core/engine-core.ts';
import type { Job } from '../core/job.ts';
import { pumpTokens, type Verdict } from '../core/pump-tokens.ts';
import type { Received } from '../core/request-log.ts';
import type { Outcome } from '../core/stats.ts';
import { createSteps, type GenerationParams, type Step } from '../core/steps.ts';
import { isFaultDue, meetFault } from '../faults/meet-fault.ts';
import { type ErrorReply, toErrorReply } from '../http-errors.ts';
import { toRefusal } from './refuse.ts';

/** How an answer is written: as a stream of events, or in one piece. null: it is written; a promise: it is when that resolves. */
export type AnswerWriter = {
  /** The head, where it comes before the text. */
  open(): Promise<void> | null;
  step(step: Step): Promise<void> | null;
  /** All is said. Writes the rest in one go; as the two below it settles the job. */
  finish(outcome: Outcome): void;
  /** As `step`, but only half of it reaches the client, and then nothing more. */
  cut(step: Step, outcome: Outcome): void;
  fail(reply: ErrorReply, outcome: Outcome): void;
};

export type AnswerTask = {
  readonly reply: FastifyReply;
  readonly received: Received;
  readonly prompt: readonly number[];
  readonly params: GenerationParams;
  readonly createWriter: (job: Job) => AnswerWriter;
  /** How the fault `exit_at_token` ends the process. */
  readonly exit: () => void;
};

/** Answers one valid request: waits for a place, generates, writes, meets the faults that are set, and counts how it ended. */
export async function answer(core: EngineCore, task: AnswerTask): Promise<void> {
  await core.track(run(core, task));
}

async function run(core: EngineCore, task: AnswerTask): Promise<void> {
  const { reply, received, prompt } = task;
  // From here on the raw response is ours: Fastify would wait for the whole text.
  reply.hijack();
  const job = core.open({ response: reply.raw, received, prompt });
  const writer = task.createWriter(job);
  try {
    const { slow_reply_ms: slowMs } = job.faults;
    if (slowMs !== undefined) await sleep(slowMs, undefined, { signal: job.signal });
    await core.faults.frozen;
    job.signal.throwIfAborted();
    const refusal = toRefusal(job);
    if (refusal !== null) {
      writer.fail(refusal.reply, { kind: 'failed', why: refusal.why });
      return;
    }
    // Both in this turn, so that nobody else takes the room that was seen.
    await Promise.all([writer.open(), job.admit(prompt.length)]);
    await generate(core, { ...task, job, writer });
  } catch (error) {
    // A settled job's client is gone, or has all that it will get.
    if (job.isSettled()) return;
    const why = job.signal.aborted ? 'error_at_token' : 'other';
    const cause: unknown = job.signal.aborted ? job.signal.reason : error;
    writer.fail(toErrorReply(cause), { kind: 'failed', why });
  }
}

type Generation = AnswerTask & { readonly job: Job; readonly writer: AnswerWriter };

async function generate(core: EngineCore, generation: Generation): Promise<void> {
  const { job, writer, prompt, params, exit } = generation;
  const steps = createSteps({ vocabulary: core.source, prompt, params });
  await meetFault(core, job, { tokens: 0, exit });

  const finish = ({ finishReason }: Step): Verdict => {
    if (finishReason === null) return 'next';
    writer.finish({ kind: 'completed', why: finishReason });
    return 'enough';
  };
  const finishLater = async (written: Promise<void> | null, step: Step): Promise<Verdict> => {
    await written;
    if (finish(step) === 'enough') return 'enough';
    await meetFault(core, job, { tokens: step.completionTokens, exit });
    return 'next';
  };
  const takeLater = async (frozen: Promise<undefined>, token: number): Promise<Verdict> => {
    await frozen;
    job.signal.throwIfAborted();
    return take(token);
  };

  /** An ordinary token is written within the call; only a full connection and faults take longer. */
  const take = (token: number): Verdict | Promise<Verdict> => {
    const { frozen } = core.faults;
    if (frozen !== null) return takeLater(frozen, token);
    const step = steps.next(token);
    const tokens = step.completionTokens;
    job.countToken();
    if (job.faults.half_event_at_token === tokens - 1) {
      writer.cut(step, { kind: 'failed', why: 'half_event_at_token' });
      return 'enough';
    }
    const written = writer.step(step);
    if (written !== null || isFaultDue(job.faults, tokens)) return finishLater(written, step);
    return finish(step);
  };

  const { maxTokens, sampling } = params;
  const { signal } = job;
  const begun = (cachedTokens: number | null) => job.countCache(prompt.length, cachedTokens);
  const input = { clock: core.clock, prompt, sampling, signal, begun, take };
  if (maxTokens > 0 && (await pumpTokens(core.source, input))) return;
  // Nothing was wanted; or the source ended without its end token, and has ended its answer all the same.
  const last = steps.end(maxTokens > 0 ? 'stop' : 'length');
  await writer.step(last);
  finish(last);
}
