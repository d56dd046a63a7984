import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRequestReader } from '../../../../bench/harness/engine/read-requests.ts';

const BODY = '{"prompt":"Grüße"}';
const HEAD = 'POST /v1/completions?x=1 HTTP/1.1\r\nHost: engine\r\n';
const LENGTH = `${HEAD}Content-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`;
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{"pro\r\nf;x\r\nmpt":"Grüße"}\r\n0\r\n\r\n`;

describe('the requests of a connection', () => {
  for (const [how, text] of [
    ['a length', LENGTH],
    ['chunks', CHUNKED],
  ] as const) {
    it(`are found with ${how}, wherever their bytes are cut`, () => {
      const bytes = Buffer.from(text);
      for (let cut = 1; cut < bytes.length; cut += 1) {
        const read = createRequestReader();
        const found = [...read(bytes.subarray(0, cut)), ...read(bytes.subarray(cut))];
        assert.deepEqual(found, [
          { method: 'POST', path: '/v1/completions', body: BODY, isLast: false },
        ]);
      }
    });
  }

  it('are all found when they come in one read', () => {
    const read = createRequestReader();
    const last = 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n';
    const found = read(Buffer.from(LENGTH + CHUNKED + last));
    assert.deepEqual(
      found.map(({ method, body, isLast }) => [method, body, isLast]),
      [
        ['POST', BODY, false],
        ['POST', BODY, false],
        ['GET', '', true],
      ],
    );
  });

  it('are refused when they are no HTTP/1.1', () => {
    const read = createRequestReader();
    assert.throws(() => read(Buffer.from('GET / HTTP/1.0\r\n\r\n')), /HTTP\/1.1/);
  });
});
