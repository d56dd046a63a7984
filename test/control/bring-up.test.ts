import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';

import {
  byEngines,
  keepInForeground,
  planOperations,
  waitForStack,
} from '../../src/control/bring-up.ts';
import type { ObservedUnit } from '../../src/plan/diff.ts';
import { fakeRuntime, running } from './fake-runtime.ts';
import { stackPlan } from './plans.ts';

const plan = stackPlan(['a']);
const report = () => undefined;

describe('planOperations', () => {
  it('names what is missing and what is too much', async () => {
    const runtime = fakeRuntime('local');
    runtime.units = [running('old-engine-0')];

    const operations = await planOperations(runtime, plan);

    assert.deepEqual(
      operations.map(({ verb, unit }) => `${verb} ${unit}`),
      ['create a-engine-0', 'remove old-engine-0'],
    );
  });

  it('a stack that runs as it should needs nothing', async () => {
    const runtime = fakeRuntime('local');
    runtime.units = [running('a-engine-0')];

    assert.deepEqual(await planOperations(runtime, plan), []);
  });
});

describe('a service that asks for a token', () => {
  const hidden = { isReady: true, state: 'answers', detail: '', isHidden: true } as const;
  const engines = new Set(['a-engine-0', 'a-engine-1']);
  const starting = { ...running('a-engine-0'), state: 'starting' } as const;
  const readyWith = (units: readonly ObservedUnit[]) => byEngines(hidden, units, engines).isReady;

  it('is ready when one of its engines is', () => {
    assert.equal(readyWith([starting, running('b-engine-0')]), false);
    assert.equal(byEngines(hidden, [starting], engines).state, 'starting');
    assert.equal(readyWith([starting, running('a-engine-1')]), true);
  });

  it('is ready when its engines are not ours to look at', () => {
    assert.equal(readyWith([running('b-engine-0')]), true);
  });
});

describe('waitForStack', () => {
  it('waits for the gateway, too, which the front door leaves aside until it is healthy', async () => {
    const asked: string[] = [];
    await using server = createServer((request, reply) => {
      asked.push(request.url ?? '');
      if (request.url !== '/api') return void reply.end('{}');
      const isUp = asked.filter((path) => path === '/api').length > 2;
      reply.statusCode = 404;
      reply.end(isUp ? '{"error_code":40401}' : '404 page not found\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const httpPort = (server.address() as AddressInfo).port;
    const states: string[] = [];

    const outcome = await waitForStack(
      fakeRuntime('docker'),
      stackPlan(['a'], { httpPort, tls: { kind: 'off' } }),
      {
        onChange: (service, { state, detail }) => states.push(`${service} ${state} ${detail}`),
        timeoutMs: 60_000,
        signal: new AbortController().signal,
      },
    );

    assert.deepEqual(outcome, { kind: 'ready' });
    assert.deepEqual(states, ['a starting ready, but the gateway does not answer yet', 'a ready ']);
  });
});

describe('keepInForeground', () => {
  it('stays until it is interrupted', async () => {
    const runtime = fakeRuntime('local');
    const stop = new AbortController();

    await keepInForeground(runtime, {
      plan,
      report,
      signal: stop.signal,
      whenStarted: () => {
        runtime.calls.push('started');
        setImmediate(() => stop.abort());
        return Promise.resolve();
      },
    });

    assert.deepEqual(runtime.calls, ['run', 'started', 'ended']);
  });

  it('ends the stack, then throws, when the watching fails', async () => {
    const runtime = fakeRuntime('local');
    const broken = new Error('not ready');

    await assert.rejects(
      keepInForeground(runtime, {
        plan,
        report,
        signal: new AbortController().signal,
        whenStarted: () => Promise.reject(broken),
      }),
      broken,
    );
    assert.deepEqual(runtime.calls, ['run', 'ended']);
  });

  it('ends the watching when the stack fails', async () => {
    const runtime = fakeRuntime('local');
    const crash = new Error('the engine is gone');
    let watched: AbortSignal | null = null;
    const failing = {
      ...runtime,
      runForeground: (_: unknown, { onStarted }: { onStarted?: () => void }) => {
        onStarted?.();
        return Promise.reject(crash);
      },
    };

    await assert.rejects(
      keepInForeground(failing, {
        plan,
        report,
        signal: new AbortController().signal,
        whenStarted: (signal) => {
          watched = signal;
          return Promise.resolve();
        },
      }),
      crash,
    );
    assert.equal((watched as AbortSignal | null)?.aborted, true);
  });
});
