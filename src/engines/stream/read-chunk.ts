/** One event of a completion or chat stream → what it says. Pure. */
import { z } from 'zod';
import { LlmOpsError } from '../../errors.ts';
import type { FinishReason, Usage } from '../engine.ts';
import { toStreamError } from '../engine-errors.ts';
import { scanChunk } from './scan-chunk.ts';

export type Chunk = {
  readonly text: string;
  readonly usage: Usage | null;
  readonly finishReason: FinishReason | null;
};

/** Only what we read; engines add fields of their own, and leave out what they do not know. */
const ChunkShape = z.object({
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        delta: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  // Counts that we cannot read are no counts; the text is good all the same.
  usage: z
    .object({ prompt_tokens: z.int(), completion_tokens: z.int().default(0) })
    .nullish()
    .catch(null),
  // llama.cpp: tokens of the prompt that were evaluated, those that the cache had, and those of the answer
  timings: z
    .object({ prompt_n: z.int(), cache_n: z.int().default(0), predicted_n: z.int() })
    .nullish()
    .catch(null),
});

/** The data of one event, but for `[DONE]`. Throws `engine_failed` for an error event and for what is no chunk. */
export function readChunk(data: string): Chunk {
  const ordinary = scanChunk(data);
  if (ordinary !== null) return { ...ordinary, finishReason: null };
  const value = parseObject(data);
  if (value['error'] !== undefined && value['error'] !== null) throw toStreamError(value);
  const parsed = ChunkShape.safeParse(value);
  if (!parsed.success)
    throw new LlmOpsError('engine_failed', 'the engine sent an event of unknown shape');
  const choice = parsed.data.choices?.[0];
  if (isFailure(choice?.finish_reason))
    throw new LlmOpsError('engine_failed', 'the engine gave up on the request');
  return {
    text: choice?.text ?? choice?.delta?.content ?? '',
    usage: usageOf(parsed.data),
    finishReason: toFinishReason(choice?.finish_reason),
  };
}

function parseObject(data: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch {
    // said below, with what was sent
  }
  throw new LlmOpsError('engine_failed', 'the engine sent an event that is no JSON object', {
    details: { event: data.slice(0, 200) },
  });
}

function usageOf(chunk: z.infer<typeof ChunkShape>): Usage | null {
  if (chunk.usage)
    return {
      promptTokens: chunk.usage.prompt_tokens,
      completionTokens: chunk.usage.completion_tokens,
    };
  if (chunk.timings)
    return {
      promptTokens: chunk.timings.prompt_n + chunk.timings.cache_n,
      completionTokens: chunk.timings.predicted_n,
    };
  return null;
}

/** vLLM says `abort` when it dropped a request: that answer is not complete. */
function isFailure(word: string | null | undefined): boolean {
  return word === 'abort' || word === 'error';
}

/** FastChat's server knows `stop` and `length` only and answers 500 to any other word. */
function toFinishReason(word: string | null | undefined): FinishReason | null {
  if (word === null || word === undefined || word === '') return null;
  return word === 'length' ? 'length' : 'stop';
}
