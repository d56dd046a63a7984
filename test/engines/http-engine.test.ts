import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { HttpEngine } from '../../src/engines/http-engine.ts';
import { API_PROFILES } from '../../src/engines/profiles.ts';

const never = new AbortController().signal;

/** An engine that answers every request with the same JSON. */
function engineThatSays(t: TestContext, reply: unknown): Promise<HttpEngine> {
  return engineBy(t, (request, response) => {
    request.resume();
    response.end(JSON.stringify(reply));
  });
}

async function engineBy(t: TestContext, answer: http.RequestListener): Promise<HttpEngine> {
  const server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const engine = new HttpEngine({
    url: `http://127.0.0.1:${port}`,
    profile: API_PROFILES.vllm,
    model: 'm',
    idleTimeoutMs: 10_000,
  });
  t.after(async () => {
    await engine.close();
    server.close();
  });
  return engine;
}

describe('an engine that answers in an unknown shape', () => {
  it('is the engine’s failure, not ours', async (t) => {
    const engine = await engineThatSays(t, { surprise: true });

    await assert.rejects(engine.modelCard(never), { code: 'engine_failed' });
    await assert.rejects(engine.countTokens('x', never), { code: 'engine_failed' });
  });
});

describe('an engine that closes connections', () => {
  it('is asked again where it closed one before it answered', async (t) => {
    let asked = 0;
    const engine = await engineBy(t, (request, response) => {
      asked += 1;
      request.resume();
      // As a server does whose last answer on this connection has been sent already.
      if (asked === 2) request.socket.destroy();
      else response.end(JSON.stringify({ count: asked }));
    });

    assert.equal(await engine.countTokens('x', never), 1);
    assert.equal(await engine.countTokens('x', never), 3);
  });

  it('has failed when it closes the second one, too', async (t) => {
    let asked = 0;
    const engine = await engineBy(t, (request) => {
      asked += 1;
      request.socket.destroy();
    });

    await assert.rejects(engine.countTokens('x', never), { code: 'engine_failed' });
    assert.equal(asked, 2);
  });
});
