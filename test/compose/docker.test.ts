import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectDocker } from '../../src/compose/docker.ts';
import type { LlmOpsError } from '../../src/errors.ts';
import { fakeApi, labels } from './fake-docker.ts';

const ours = { 'llm-ops.stack': 'demo', 'llm-ops.hash': 'abc' };

describe('the containers of a project', () => {
  it('are told with their service, hash, state and GPUs, sorted', async () => {
    await using api = await fakeApi({
      containers: [
        {
          Id: '2',
          Labels: labels('demo', 'm-worker', ours),
          Status: 'Up 2 hours (healthy)',
          State: { Status: 'running', Health: { Status: 'healthy' } },
        },
        {
          Id: '1',
          Labels: labels('demo', 'm-engine-0', ours),
          Status: 'Exited (137) 3 minutes ago',
          State: { Status: 'exited' },
          RestartCount: 4,
          DeviceRequests: [{ DeviceIDs: ['GPU-1', 'GPU-2'] }, { Count: -1, DeviceIDs: null }],
        },
      ],
    });
    assert.deepEqual(await connectDocker({ host: api.host }).containers('demo'), [
      {
        id: '1',
        service: 'm-engine-0',
        stack: 'demo',
        workingDirectory: null,
        hash: 'abc',
        state: 'stopped',
        detail: 'restarted 4 times, exited (137) 3 minutes ago',
        restarts: 4,
        gpus: ['GPU-1', 'GPU-2'],
      },
      {
        id: '2',
        service: 'm-worker',
        stack: 'demo',
        workingDirectory: null,
        hash: 'abc',
        state: 'running',
        detail: 'up 2 hours (healthy)',
        restarts: 0,
        gpus: [],
      },
    ]);
    assert.match(api.requests[0] ?? '', /com\.docker\.compose\.project=demo/);
    assert.match(api.requests[0] ?? '', /oneoff=False/);
  });

  it('are starting while their health is, and running when it is bad', async () => {
    const state = async (State: Record<string, unknown>) => {
      await using api = await fakeApi({
        containers: [{ Id: '1', Labels: labels('demo', 'a', {}), State }],
      });
      const [container] = await connectDocker({ host: api.host }).containers('demo');
      return [container?.state, container?.hash, container?.stack];
    };
    const health = (Status: string) => ({ Status: 'running', Health: { Status } });
    assert.deepEqual(await state(health('starting')), ['starting', null, null]);
    assert.deepEqual(await state(health('unhealthy')), ['running', null, null]);
    assert.deepEqual(await state({ Status: 'restarting' }), ['restarting', null, null]);
    assert.deepEqual(await state({ Status: 'created' }), ['stopped', null, null]);
    assert.deepEqual(await state({ Status: 'dead' }), ['stopped', null, null]);
  });
});

describe('removing', () => {
  it('names the containers of others that keep a network from being removed', async () => {
    await using api = await fakeApi({ networks: ['demo_edge'], guest: 'prometheus' });

    await assert.rejects(connectDocker(api).removeNetworks('demo'), (error: LlmOpsError) => {
      assert.equal(error.code, 'docker_failed');
      assert.match(error.message, /^Containers of somebody else .* demo_edge: prometheus\.$/);
      assert.match(error.hint ?? '', /docker network disconnect demo_edge prometheus/);
      return true;
    });
  });

  it('asks for the stack’s networks and volumes alone', async () => {
    await using api = await fakeApi({ networks: ['demo_edge'], volumes: ['demo_models'] });
    const docker = connectDocker({ host: api.host });
    assert.deepEqual(await docker.removeNetworks('demo'), ['demo_edge']);
    assert.deepEqual(await docker.removeVolumes('demo'), ['demo_models']);
    assert.deepEqual(
      api.requests.map((request) => request.replaceAll(/[{}"[\]]/g, '')),
      [
        'GET /networks label:llm-ops.stack=demo',
        'DELETE /networks/demo_edge',
        'GET /volumes label:llm-ops.stack=demo',
        'DELETE /volumes/demo_models',
      ],
    );
  });

  it('stops a container before it goes', async () => {
    await using api = await fakeApi({});
    await connectDocker({ host: api.host }).removeContainer('1');
    assert.deepEqual(api.requests, ['POST /containers/1/stop', 'DELETE /containers/1']);
  });
});

describe('a Docker that cannot be used', () => {
  it('is unavailable when nobody answers, with what to do', async () => {
    const docker = connectDocker({ host: 'unix:///no/such/docker.sock' });
    await assert.rejects(docker.ping(), (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, 'docker_unavailable');
      assert.match(error.message, /\/no\/such\/docker\.sock/);
      assert.match(error.hint ?? '', /start it/);
      return true;
    });
  });

  it('has failed when it refuses', async () => {
    await using api = await fakeApi({ status: 500 });
    await assert.rejects(connectDocker({ host: api.host }).containers('x'), {
      code: 'docker_failed',
    });
  });

  it('is no Docker of another machine', () => {
    assert.throws(() => connectDocker({ host: 'ssh://box' }), { code: 'docker_unavailable' });
  });
});
