import { describe, it } from 'node:test';
import { holdForAnySplit } from '../worker/answer/any-split.ts';

describe('an answer', () => {
  it('has the same text streamed and not in 100,000 cases', (t) => {
    holdForAnySplit(100_000);
    t.diagnostic('100,000 cases, each in four forms and three ways to cut');
  });
});
