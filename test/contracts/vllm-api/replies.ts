import assert from 'node:assert/strict';
import { ask } from '../../worker/worker-harness.ts';
import type { Obligation } from '../obligation.ts';
import type { ApiCase, Known } from './api-case.ts';
import type { Recording } from './recording.ts';
import { toShape } from './to-shape.ts';
import type { Shape } from './to-shape.ts';

/** An engine that speaks vLLM's API. */
export type ApiEngine = {
  readonly url: string;
  readonly known: Known;
  readonly recording: Recording;
};

/** The case, and the same answer as vLLM's. */
export function toObligation(apiCase: ApiCase): Obligation<ApiEngine> {
  return {
    name: apiCase.name,
    check: async ({ url, known, recording }) => {
      const recorded = recording[apiCase.name];
      assert.ok(recorded, 'vLLM’s reply is not recorded: UPDATE_CONTRACTS=1 npm run test:vllm');
      assert.deepEqual(await replyTo(apiCase, url, known), recorded);
    },
  };
}

export async function replyTo(apiCase: ApiCase, url: string, known: Known): Promise<Shape> {
  const { path, ...request } = apiCase.request(known);
  const reply = await ask(url + path, request);
  return toShape(reply, known, { withFillers: apiCase.withFillers ?? false });
}
