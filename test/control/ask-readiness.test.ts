import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, it } from 'node:test';

import { askReadiness, readAnswer } from '../../src/control/ask-readiness.ts';
import type { FrontDoor } from '../../src/control/front-door.ts';
import { SELF_SIGNED } from './self-signed.ts';
import { plainDoor } from './plans.ts';

const never = new AbortController().signal;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function ask(answer: RequestListener): Promise<ReturnType<typeof readAnswer>> {
  await using server = createServer(answer);
  return await askReadiness(plainDoor(await listen(server)), 'Llama-2-7b', never);
}

describe('askReadiness', () => {
  it('asks for the details of the model of the service', async () => {
    const seen: (string | undefined)[] = [];
    const readiness = await ask((request, reply) => {
      seen.push(request.url, request.headers.host?.split(':')[0]);
      reply.end('{}');
    });

    assert.deepEqual(seen, ['/api/Llama-2-7b/model_details', 'localhost']);
    assert.deepEqual(readiness, { isReady: true, state: 'ready', detail: '' });
  });

  it('tells the state of a service that is not ready in the worker’s words', async () => {
    const body = { state: 'loading', error_message: 'the engine loads its model' };
    const readiness = await ask((_, reply) => reply.writeHead(503).end(JSON.stringify(body)));

    assert.deepEqual(readiness, {
      isReady: false,
      state: 'loading',
      detail: 'the engine loads its model',
    });
  });

  it('tells what the engines do rather than the message, each thing once', () => {
    const body = {
      state: 'loading',
      error_message: 'm: the engine is loading its model: compiling; warming up',
      progress: {
        'm-engine-0': 'compiling',
        'm-engine-1': 'compiling',
        'm-engine-2': 'warming up',
      },
    };
    assert.deepEqual(readAnswer(503, JSON.stringify(body)), {
      isReady: false,
      state: 'loading',
      detail: 'compiling; warming up',
    });
    for (const progress of [{}, 'compiling', null, { 'm-engine-0': 3 }]) {
      const { detail } = readAnswer(503, JSON.stringify({ ...body, progress }));
      assert.equal(detail, body.error_message);
    }
  });

  it('takes from /ready what a worker tells only to who has a token', async () => {
    const refusal = JSON.stringify({ error_code: 40101, error_message: 'a token is needed' });
    const tellsBy = (ready: string) =>
      ask(({ url }, reply) => {
        if (url === '/ready') reply.writeHead(503).end(ready);
        else reply.writeHead(401).end(refusal);
      });

    const loading = await tellsBy('{"services":{"other":"ready","Llama-2-7b":"loading"}}');
    const ready = await tellsBy('{"services":{"other":"loading","Llama-2-7b":"ready"}}');

    const detail = 'asks for a token';
    assert.deepEqual(loading, { isReady: false, state: 'loading', detail });
    assert.deepEqual(ready, { isReady: true, state: 'ready', detail });
    // On Docker the front door does not lead there.
    for (const told of ['{"error_code":40301}', '{"services":{}}', '{"services":null}', 'no JSON'])
      assert.deepEqual(await tellsBy(told), {
        ...{ isReady: true, state: 'answers', detail, isHidden: true },
      });
  });

  it('does not take another program’s 401 for a worker’s', async () => {
    const { isReady, detail } = await ask((_, reply) => reply.writeHead(401).end('who are you?'));

    assert.deepEqual([isReady, detail], [false, 'answered HTTP 401']);
  });

  it('a door that nobody answers at is starting', async () => {
    const server = createServer();
    const port = await listen(server);
    await server[Symbol.asyncDispose]();

    const readiness = await askReadiness(plainDoor(port), 'a', never);

    assert.deepEqual([readiness.isReady, readiness.state], [false, 'starting']);
    assert.match(readiness.detail, /does not answer yet/);
  });

  it('accepts a self-signed certificate on the loopback, and names the domain', async () => {
    const seen: (string | undefined)[] = [];
    await using server = createTlsServer(SELF_SIGNED, (request, reply) => {
      seen.push(request.headers.host);
      reply.end('{}');
    });
    server.on('secureConnection', (socket) => seen.push(String(socket.servername)));
    const port = await listen(server);
    const door: FrontDoor = { ...plainDoor(port), tls: true, host: 'llm.test' };

    const readiness = await askReadiness(door, 'a', never);

    assert.equal(readiness.isReady, true, readiness.detail);
    assert.deepEqual(seen, ['llm.test', `llm.test:${String(port)}`]);
  });

  it('an aborted question ends at once', async () => {
    await using server = createServer(() => undefined);
    const door = plainDoor(await listen(server));
    const stop = new AbortController();
    const asking = askReadiness(door, 'a', stop.signal);
    stop.abort();

    assert.equal((await asking).isReady, false);
    server.closeAllConnections();
  });
});

describe('readAnswer', () => {
  it('an answer without a state is starting, with its status', () => {
    assert.deepEqual(readAnswer(502, 'Bad Gateway'), {
      isReady: false,
      state: 'starting',
      detail: 'answered HTTP 502',
    });
  });

  it('JSON that is no object tells nothing', () => {
    assert.equal(readAnswer(503, 'null').state, 'starting');
  });
});
