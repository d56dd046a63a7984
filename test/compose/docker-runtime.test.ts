import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDockerRuntime } from '../../src/compose/docker-runtime.ts';
import { diffUnits } from '../../src/plan/diff.ts';
import type { Runtime } from '../../src/plan/runtime.ts';
import type { StackPlan } from '../../src/plan/stack-plan.ts';
import { fakeApi, fakeCommand, labels, type FakeApi, type FakeCommand } from './fake-docker.ts';
import { TEMPLATES } from './render-sample.ts';
import { engineOf, planOf, serviceOf } from './sample-plan.ts';

const plan = planOf([serviceOf('m', [engineOf({ kind: 'sim', source: null, gpus: [] })])], {
  name: 'demo',
});
const ours = (command: FakeCommand) => ({
  'llm-ops.stack': 'demo',
  'com.docker.compose.project.working_dir': join(command.directory, '.llm-ops', 'demo'),
});

function runtimeOf(command: FakeCommand, api: FakeApi): { runtime: Runtime; directory: string } {
  const directory = join(command.directory, '.llm-ops', 'demo');
  const runtime = createDockerRuntime({
    name: 'demo',
    directory,
    templates: TEMPLATES,
    buildContext: '/product',
    origin: 'llm-ops.yml',
    version: '1.2.3',
    env: { ...command.env, DOCKER_HOST: api.host },
  });
  return { runtime, directory };
}

const context = () => ({ report: () => undefined, signal: new AbortController().signal });
const verbOf = (line: string) => line.replace(/^compose .* -f \S+ /, '');

describe('the Docker runtime', () => {
  it('writes the files and lets Compose bring the stack up', async () => {
    await using command = await fakeCommand('');
    await using api = await fakeApi({});
    const { runtime, directory } = runtimeOf(command, api);
    await writeFile(join(command.directory, '.env'), 'HF_TOKEN=x\n');
    await runtime.apply(plan, context());
    assert.ok(existsSync(join(directory, 'workers/m/worker.json')));
    assert.deepEqual((await command.calls()).map(verbOf), [
      `--env-file ${join(command.directory, '.env')} build --quiet`,
      `--env-file ${join(command.directory, '.env')} up --detach --no-build --remove-orphans`,
    ]);
  });

  it('removes the files of a service that is gone, once its containers are', async () => {
    await using command = await fakeCommand('');
    await using api = await fakeApi({});
    const { runtime, directory } = runtimeOf(command, api);
    await runtime.apply(plan, context());
    await runtime.apply({ ...plan, services: [] }, context());
    assert.equal(existsSync(join(directory, 'workers/m')), false);
    assert.ok(existsSync(join(directory, 'workers/_gateway/worker.json')));
    assert.ok(existsSync(join(directory, 'docker-compose.yml')));
  });

  it('has nothing to do for a stack that runs as planned, and tells which workers read other settings', async () => {
    await using command = await fakeCommand('');
    await using empty = await fakeApi({});
    const units = await runtimeOf(command, empty).runtime.desired(plan);
    await using api = await fakeApi({
      containers: units.map(({ name, hash }) => ({
        Id: name,
        Labels: labels('demo', name, { ...ours(command), 'llm-ops.hash': hash }),
      })),
    });
    const { runtime } = runtimeOf(command, api);
    await runtime.apply(plan, context());
    const operations = async (wanted: StackPlan): Promise<readonly string[]> =>
      diffUnits(await runtime.desired(wanted), await runtime.observe()).map(
        ({ verb, unit }) => `${verb} ${unit}`,
      );
    assert.deepEqual(await operations(plan), []);

    const services = plan.services.map((service) => ({
      ...service,
      limits: { ...service.limits, concurrency: 3 },
    }));
    const changed = { ...plan, services };
    assert.deepEqual(await operations(changed), ['update m-worker', 'update gateway']);
    await runtime.apply(changed, context());
    assert.deepEqual(await operations(changed), []);
  });

  const others: readonly [what: string, labels: Readonly<Record<string, string>>][] = [
    ['something else', {}],
    [
      'a file of the same name in another directory',
      { 'llm-ops.stack': 'demo', 'com.docker.compose.project.working_dir': '/elsewhere' },
    ],
  ];
  for (const [what, made] of others) {
    it(`touches nothing of a project with its name that ${what} made`, async () => {
      await using command = await fakeCommand('');
      await using api = await fakeApi({
        containers: [{ Id: '1', Labels: labels('demo', 'db', made) }],
      });
      const { runtime, directory } = runtimeOf(command, api);

      assert.deepEqual(await runtime.observe(), []);
      await assert.rejects(runtime.apply(plan, context()), /another Compose project "demo".* db/);
      await assert.rejects(runtime.remove({ ...context(), volumes: true }), {
        code: 'docker_failed',
      });

      assert.equal(existsSync(directory), false);
      assert.deepEqual(await command.calls(), []);
      assert.ok(api.requests.every((request) => request.startsWith('GET')));
    });
  }

  it('takes the stack down through Compose, and its files with it', async () => {
    await using command = await fakeCommand('');
    await using api = await fakeApi({ networks: ['demo_edge'], volumes: ['demo_old'] });
    const { runtime, directory } = runtimeOf(command, api);
    await runtime.apply(plan, context());
    await runtime.remove({ ...context(), volumes: false });
    assert.equal(verbOf((await command.calls()).at(-1) ?? ''), 'down --remove-orphans');
    assert.equal(existsSync(join(directory, '..')), false);
    assert.ok(!api.requests.some((request) => request.includes('volumes')));
  });

  it('takes the stack down without its files, too', async () => {
    await using command = await fakeCommand('');
    await using api = await fakeApi({
      containers: [{ Id: '1', Labels: labels('demo', 'm-worker', ours(command)) }],
      volumes: ['demo_models'],
    });
    await runtimeOf(command, api).runtime.remove({ ...context(), volumes: true });
    assert.deepEqual(await command.calls(), []);
    assert.ok(api.requests.includes('DELETE /containers/1'));
    assert.ok(api.requests.includes('DELETE /volumes/demo_models'));
  });

  it('tells the lines of logs by unit', async () => {
    await using command = await fakeCommand(
      'echo "my.model-engine-0-1  | hello | world"; echo "gateway-1 | x"; echo "gateway-1 exited with code 0"',
    );
    await using api = await fakeApi({});
    const { runtime, directory } = runtimeOf(command, api);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'docker-compose.yml'), '');
    const lines = [];
    const options = { units: ['gateway'], follow: true, tail: 5, ...context() };
    for await (const line of runtime.logs(options)) lines.push(line);
    assert.deepEqual(lines, [
      { unit: 'my.model-engine-0', text: 'hello | world' },
      { unit: 'gateway', text: 'x' },
    ]);
    assert.deepEqual((await command.calls()).map(verbOf), [
      'logs --no-color --tail 5 --follow gateway',
    ]);
  });

  it('tells of a progress bar what a terminal would show of it', async () => {
    await using command = await fakeCommand(
      String.raw`printf 'a-1  | \r 0%%\r50%%\nb-1  | \r100%%\n'`,
    );
    await using api = await fakeApi({});
    const { runtime, directory } = runtimeOf(command, api);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'docker-compose.yml'), '');
    const logs = runtime.logs({ units: [], follow: false, tail: 5, ...context() });
    assert.deepEqual(await Array.fromAsync(logs), [
      { unit: 'a', text: '50%' },
      { unit: 'b', text: '100%' },
    ]);
  });

  it('makes containers anew for another token, from the environment or from the .env file', async () => {
    await using command = await fakeCommand('');
    await using api = await fakeApi({});
    const engines = planOf([serviceOf('m')], { name: 'demo' });
    const hashes = async (env: Readonly<Record<string, string>>) => {
      const units = await runtimeOf({ ...command, env }, api).runtime.desired(engines);
      return units.find(({ name }) => name === 'm-engine-0')?.hash;
    };
    const none = await hashes({});
    const first = await hashes({ HF_TOKEN: 'hf_first' });
    await mkdir(join(command.directory, '.llm-ops'), { recursive: true });
    await writeFile(join(command.directory, '.env'), 'HF_TOKEN=hf_first\n');

    assert.notEqual(none, first);
    assert.equal(await hashes({}), first);
    // As Compose has it: what is set wins.
    assert.equal(await hashes({ HF_TOKEN: '' }), none);
  });

  it('has no logs of a stack that is not there', async () => {
    await using command = await fakeCommand('');
    await using api = await fakeApi({});
    const { runtime } = runtimeOf(command, api);
    const logs = runtime.logs({ units: [], follow: false, tail: 1, ...context() });
    await assert.rejects(Array.fromAsync(logs), { code: 'not_running' });
  });
});
