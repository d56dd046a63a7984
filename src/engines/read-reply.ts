import type { z } from 'zod';
import { LlmOpsError } from '../errors.ts';

/** What an engine replied, or a part of it, as it should be. Throws `engine_failed`. */
export function readReply<T>(shape: z.ZodType<T>, value: unknown): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LlmOpsError('engine_failed', 'the engine sent an answer of unknown shape', {
    cause: parsed.error,
  });
}
