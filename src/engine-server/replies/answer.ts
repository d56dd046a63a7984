import type { FastifyReply } from 'fastify';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { LlmOpsError } from '../../errors.ts';
import type { EngineCore } from '../core/engine-core.ts';
import type { Job } from '../core/job.ts';
import { type GenerationParams, runGeneration, type Step } from '../core/run-generation.ts';

/** How an answer is written: as a stream of events, or in one piece. */
export type AnswerWriter = {
  /** The head, where it comes before the text. */
  open(job: Job): Promise<void>;
  step(step: Step): Promise<void>;
  /** All is said. Writes the rest in one go. */
  finish(): void;
  /** As `step`, but only half of it reaches the client, and then nothing more. */
  cut(step: Step): void;
  fail(error: unknown): void;
};

export type AnswerTask = {
  readonly reply: FastifyReply;
  readonly prompt: readonly number[];
  readonly params: GenerationParams;
  readonly writer: AnswerWriter;
  /** How the fault `exit_at_token` ends the process. */
  readonly exit: () => void;
};

/** Answers one valid request: waits for a place, generates, writes, meets the faults that are set, and counts how it ended. */
export async function answer(core: EngineCore, task: AnswerTask): Promise<void> {
  await core.track(run(core, task));
}

async function run(core: EngineCore, task: AnswerTask): Promise<void> {
  const { reply, writer } = task;
  // From here on the raw response is ours: Fastify would wait for the whole text.
  reply.hijack();
  const job = core.open(reply.raw);
  try {
    await beforeReply(job);
    await writer.open(job);
    await job.admit(task.prompt.length);
    await generate(core, job, task);
  } catch (error) {
    // A settled job's client is gone, or has all that it will get.
    if (job.isSettled()) return;
    job.settle('failed');
    writer.fail(job.signal.aborted ? job.signal.reason : error);
  }
}

async function beforeReply(job: Job): Promise<void> {
  if (job.faults.slow_reply_ms !== undefined) {
    await sleep(job.faults.slow_reply_ms, undefined, { signal: job.signal });
  }
  job.signal.throwIfAborted();
  if (job.faults.refuse === true) {
    throw new LlmOpsError('engine_unavailable', 'The engine takes no requests at the moment.');
  }
}

async function generate(core: EngineCore, job: Job, task: AnswerTask): Promise<void> {
  const { prompt, params, writer } = task;
  let counted = 0;
  await meetFault(core, job, { tokens: 0, exit: task.exit });
  for await (const step of runGeneration({
    source: core.source,
    prompt,
    params,
    signal: job.signal,
  })) {
    const tokens = step.completionTokens;
    job.countTokens(tokens - counted);
    if (job.faults.half_event_at_token === counted) {
      job.settle('failed');
      writer.cut(step);
      return;
    }
    counted = tokens;
    await writer.step(step);
    if (step.finishReason !== null) {
      job.settle(step.finishReason);
      writer.finish();
      return;
    }
    await meetFault(core, job, { tokens, exit: task.exit });
  }
}

type Moment = { readonly tokens: number; readonly exit: () => void };

/** Does what is to happen after so many tokens. Rejects when that ends the answer. */
async function meetFault(core: EngineCore, job: Job, { tokens, exit }: Moment): Promise<void> {
  const { faults, response, signal } = job;
  if (faults.die_at_token === tokens) {
    job.settle('failed');
    // What was written still leaves; then the connection breaks without the end of the reply.
    response.socket?.destroySoon();
    throw new LlmOpsError('engine_failed', 'The connection was broken on purpose.');
  }
  if (faults.error_at_token === tokens) core.die();
  if (faults.exit_at_token === tokens) {
    // What was written leaves in the next turn of the event loop.
    await nextTurn();
    exit();
  }
  if (faults.stall_at_token === tokens) await untilAborted(signal);
  signal.throwIfAborted();
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  await promise;
}
