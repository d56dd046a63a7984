import type { Sequence } from '../../../../src/engine-server/llama/native/package-api.ts';

export type FakeSlot = Sequence & {
  readonly held: readonly number[];
  /** How many tokens were computed at a time. */
  readonly pieces: readonly number[];
};

/** A slot that remembers tokens and computes nothing. */
export function fakeSlot(initially: readonly number[] = []): FakeSlot {
  let held = [...initially];
  const pieces: number[] = [];
  const shared = (tokens: readonly number[]) => {
    const at = held.findIndex((token, index) => token !== tokens[index]);
    return at < 0 ? held.length : at;
  };
  return {
    get held() {
      return held;
    },
    pieces,
    get nextTokenIndex() {
      return held.length;
    },
    compareContextTokens: (tokens) => ({ firstDifferentIndex: shared(tokens) }),
    adaptStateToTokens(tokens) {
      held = held.slice(0, shared(tokens));
      return Promise.resolve();
    },
    clearHistory() {
      held = [];
      return Promise.resolve();
    },
    evaluateWithoutGeneratingNewTokens(tokens) {
      pieces.push(tokens.length);
      held.push(...tokens);
      return Promise.resolve();
    },
    evaluate() {
      throw new Error('a fake slot generates nothing');
    },
  };
}
