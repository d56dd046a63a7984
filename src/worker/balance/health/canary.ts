/** One token from an engine that was taken out: the proof that it generates, which its `/health` is not (vLLM's answers while the core is stuck). */
import type { DeltaSink, Engine, GenerateCall, Prompt } from '../../../engines/engine.ts';

/** A base model has no chat template, and some servers only chat: one of the two is enough. */
const PROMPTS: readonly Prompt[] = [
  { kind: 'text', text: 'Hi', hasSpecialTokens: false },
  { kind: 'chat', messages: [{ role: 'user', content: 'Hi' }] },
];

const SAMPLING: GenerateCall['sampling'] = {
  maxNewTokens: 1,
  temperature: 0,
  topP: 1,
  topK: null,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repetitionPenalty: 1,
  stop: [],
  stopTokenIds: [],
};

const NOBODY: DeltaSink = {
  begin: () => undefined,
  push: () => true,
};

/** Whether the engine made its token before the signal aborted. Never throws. */
export async function sendCanary(engine: Engine, signal: AbortSignal): Promise<boolean> {
  for (const prompt of PROMPTS) {
    try {
      await engine.generate({ prompt, sampling: SAMPLING, sink: NOBODY, signal });
      return true;
    } catch {
      if (signal.aborted) return false;
    }
  }
  return false;
}
