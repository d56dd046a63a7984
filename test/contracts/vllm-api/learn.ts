/** Asks an engine for what the cases need to know of it. */
import assert from 'node:assert/strict';
import { ask } from '../../worker/worker-harness.ts';
import { textAcrossTokens } from '../behind-the-worker/worker-client.ts';
import type { RunningEngine } from '../engines/engine-under-test.ts';
import { PROMPT } from './api-case.ts';
import type { Known } from './api-case.ts';

type Reply = {
  readonly choices: readonly {
    readonly text: string;
    readonly token_ids?: readonly number[] | null;
  }[];
};

/** Tokens of the greedy answer that stop strings and stop tokens are chosen from. */
const ANSWER_TOKENS = 40;

export async function learn(engine: RunningEngine): Promise<Known> {
  const { url, model, contextLength } = engine;
  const reply = await ask(`${url}/v1/completions`, {
    body: {
      model,
      prompt: PROMPT,
      max_tokens: ANSWER_TOKENS,
      temperature: 0,
      return_token_ids: true,
    },
  });
  assert.equal(reply.status, 200, reply.text);
  const [choice] = (reply.json as unknown as Reply).choices;
  assert.ok(choice);
  const { stop } = await textAcrossTokens(engine, choice.text);
  // Text may be cut into other tokens than those that it came from, so the engine's own word is better.
  const ids = choice.token_ids ?? (await engine.tokenIds(choice.text));
  const stopTokenId = ids.find((id, at) => at >= 5 && ids.indexOf(id) === at);
  assert.ok(stopTokenId !== undefined, 'the answer has no token of its own');
  return { model, contextLength, stop, stopTokenId };
}
