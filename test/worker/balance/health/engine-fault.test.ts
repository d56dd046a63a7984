import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LlmOpsError } from '../../../../src/errors.ts';
import type { ErrorCode } from '../../../../src/errors.ts';
import {
  isEnginesFault,
  toHealthEvent,
} from '../../../../src/worker/balance/health/engine-fault.ts';

const NOTHING = { hasProgressed: false, isAllSilent: true };
const SOME_TEXT = { hasProgressed: true, isAllSilent: true };
const OTHERS_GOT_TEXT = { hasProgressed: false, isAllSilent: false };

describe('a failure', () => {
  const theirs: readonly ErrorCode[] = [
    ...(['engine_unavailable', 'engine_failed', 'engine_timeout'] as const),
    ...(['engine_loading', 'engine_starting', 'overloaded'] as const),
  ];
  for (const code of theirs) {
    it(`with ${code} is the engine's: another may do better`, () => {
      assert.equal(isEnginesFault(new LlmOpsError(code, '')), true);
    });
  }

  const ours: readonly ErrorCode[] = [
    ...(['invalid_request', 'context_overflow', 'param_out_of_range'] as const),
    ...(['unsupported', 'stopping', 'internal'] as const),
  ];
  for (const code of ours) {
    it(`with ${code} is not the engine's`, () => {
      assert.equal(isEnginesFault(new LlmOpsError(code, '')), false);
    });
  }

  it('that is no error of ours is not the engine’s', () => {
    assert.equal(isEnginesFault(new Error('the client left')), false);
  });

  const told = [
    ['engine_unavailable', NOTHING, 'lost'],
    ['engine_failed', NOTHING, 'failed'],
    ['engine_failed', SOME_TEXT, undefined],
    ['engine_timeout', NOTHING, 'stalled'],
    ['engine_timeout', SOME_TEXT, 'stalled'],
    ['engine_timeout', OTHERS_GOT_TEXT, undefined],
    ['engine_loading', NOTHING, undefined],
    ['overloaded', NOTHING, undefined],
  ] as const;
  for (const [code, facts, event] of told) {
    const after = facts.hasProgressed ? 'after some text' : 'before any text';
    const others = facts.isAllSilent ? 'while nobody got any' : 'while others got some';
    it(`with ${code} ${after}, ${others}, tells of the engine: ${event ?? 'nothing'}`, () => {
      assert.equal(toHealthEvent(new LlmOpsError(code, ''), facts)?.kind, event);
    });
  }
});
