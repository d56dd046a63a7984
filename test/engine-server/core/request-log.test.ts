import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { RequestLog } from '../../../src/engine-server/core/request-log.ts';

const received = (id: number, bodyBytes = 10) => ({
  path: '/v1/completions',
  id: String(id),
  body: { prompt: 'x' },
  bodyBytes,
});

describe('the log of requests', () => {
  it('keeps the last ones, in the order of their arrival', () => {
    const log = new RequestLog(3);
    for (let id = 0; id < 8; id += 1) log.add(received(id));
    const ids = (count: number) => log.last(count).map(({ id }) => id);
    assert.deepEqual(ids(2), ['6', '7']);
    assert.deepEqual(ids(100), ['5', '6', '7']);
  });

  it('keeps no request, and no prompt, without room', () => {
    const log = new RequestLog(0);
    assert.equal(log.add(received(1)).body, null);
    assert.deepEqual(log.last(5), []);
  });

  it('keeps no long body', () => {
    const log = new RequestLog(3);
    assert.equal(log.add(received(1, 64 * 1024 + 1)).body, null);
    assert.deepEqual(log.add(received(1, 64 * 1024)).body, { prompt: 'x' });
  });
});
