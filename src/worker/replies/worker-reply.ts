/** What the worker API says of an answer, as FastChat's workers word it. */
import type { FinishReason, Usage } from '../../engines/engine.ts';

export type WorkerReply = {
  readonly text: string;
  readonly error_code: 0;
  readonly usage: UsageReply;
  readonly finish_reason: FinishReason | null;
};

export type UsageReply =
  | {
      readonly prompt_tokens: number;
      readonly completion_tokens: number;
      readonly total_tokens: number;
    }
  | Readonly<Record<string, never>>;

/** FastChat's clients add the counts up, so what an engine did not tell is left out, not null. */
export function toUsageReply(usage: Usage | null): UsageReply {
  if (usage === null) return {};
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
