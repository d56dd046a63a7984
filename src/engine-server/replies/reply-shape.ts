import { VERSION } from '../../version.ts';
import type { Step } from '../core/steps.ts';

export type Usage = {
  readonly prompt_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens: number;
};

/** How one of the two APIs words an answer. */
export type ReplyShape = {
  /** Fields that every event of a stream begins with: id, object, created, model. */
  readonly eventHead: object;
  /** What an event before the first token has besides; null: there is none. */
  readonly opening: object | null;
  stepChoices(step: Step): readonly object[];
  /** The reply in one piece. */
  whole(text: string, last: Step, usage: Usage): object;
};

export function toUsage(promptTokens: number, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    completion_tokens: completionTokens,
  };
}

/** The build that answers, which clients of OpenAI compare to notice a change. */
export const SYSTEM_FINGERPRINT = `llm-ops-${VERSION}`;

/** The last fields of a reply in one piece; vLLM 0.32 writes null where it has nothing to say. */
export function wholeEnd(usage: Usage): object {
  return {
    service_tier: null,
    system_fingerprint: SYSTEM_FINGERPRINT,
    usage: { ...usage, prompt_tokens_details: null, completion_tokens_details: null },
    kv_transfer_params: null,
    ec_transfer_params: null,
    metrics: null,
  };
}
