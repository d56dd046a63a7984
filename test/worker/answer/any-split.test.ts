import { describe, it } from 'node:test';
import { holdForAnySplit } from './any-split.ts';

describe('an answer', () => {
  it('has the same text streamed and not, however its bytes are cut and whatever stops it', () => {
    // `npm run test:load` has the long run.
    holdForAnySplit(2_000);
  });
});
