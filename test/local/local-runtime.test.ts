import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { LlmOpsError } from '../../src/errors.ts';
import { identify } from '../../src/local/process/process-identity.ts';
import { findSupervisor } from '../../src/local/state/find-supervisor.ts';
import { makeStateDirectory } from '../../src/local/state/state-directory.ts';
import { type LocalState, readState, writeState } from '../../src/local/state/state-file.ts';
import { diffUnits } from '../../src/plan/diff.ts';
import { VERSION } from '../../src/version.ts';
import { ask, type Bench, enginePlan, eventually, servicePlan, withBench } from './stand-ins.ts';

const context = { report: () => undefined, signal: new AbortController().signal };
const removal = { report: () => undefined, volumes: false };

function stateOf({ directory }: Bench): LocalState {
  return readState(directory) ?? assert.fail('there is no state');
}

function pidOf(bench: Bench, name: string): number {
  const unit = stateOf(bench).units.find((some) => some.name === name);
  return unit?.pid ?? assert.fail(`${name} has no process`);
}

/** A unit that takes connections. */
async function running(bench: Bench, name: string): Promise<LocalState['units'][number]> {
  return eventually(`${name} runs`, () => {
    const unit = readState(bench.directory)?.units.find((some) => some.name === name);
    return unit?.state === 'running' ? unit : null;
  });
}

async function gone(pid: number): Promise<void> {
  await eventually(`process ${String(pid)} is gone`, () => (identify(pid) === null ? true : null));
}

describe('a stack of processes', () => {
  it('runs after apply, tells what runs, and leaves no process and no file after remove', async () => {
    await withBench(async (bench) => {
      const { runtime, httpPort } = bench;
      const plan = bench.plan([
        servicePlan('chat', enginePlan({ args: ['--speed', '9'], env: { COLOR: 'red' } })),
        servicePlan('far', { url: 'http://127.0.0.1:9/far' }),
      ]);
      await runtime.apply(plan, context);

      const { port } = await running(bench, 'chat-engine-0');
      const engine = await ask(port!);
      assert.deepEqual(engine?.['args'], [
        ...['--model', 'chat', '--host', '127.0.0.1', '--port', String(port), '--speed', '9'],
      ]);
      assert.equal(engine['color'], 'red');
      const served = JSON.stringify(await ask(httpPort));
      assert.match(served, new RegExp(`"url":"http://127.0.0.1:${String(port)}"`));
      assert.match(served, /"url":"http:\/\/127.0.0.1:9\/far"/);

      const observed = await runtime.observe();
      assert.deepEqual(
        observed.map(({ name, hash, state }) => ({ name, hash, state })),
        (await runtime.desired(plan)).map(({ name, hash }) => ({ name, hash, state: 'running' })),
      );
      assert.deepEqual(
        observed.map(({ name }) => name),
        ['chat-engine-0', 'gateway'],
      );
      assert.match(observed[0]!.detail, /^up \d+ /);

      const operations = async (wanted: typeof plan): Promise<readonly string[]> =>
        diffUnits(await runtime.desired(wanted), await runtime.observe()).map(
          ({ verb, unit }) => `${verb} ${unit}`,
        );
      assert.deepEqual(await operations(plan), []);
      const limits = { ...plan.services[0]!.limits, concurrency: 3 };
      const changed = {
        ...plan,
        services: plan.services.map((service) => ({ ...service, limits })),
      };
      assert.deepEqual(await operations(changed), ['update gateway']);
      const gateway = pidOf(bench, 'gateway');
      await runtime.apply(changed, context);
      assert.deepEqual(await operations(changed), []);
      assert.equal(pidOf(bench, 'gateway'), gateway);

      const state = stateOf(bench);
      const pids = [state.supervisor.pid, ...state.units.map((unit) => unit.pid!)];
      await runtime.remove(removal);
      for (const pid of pids) assert.equal(identify(pid), null);
      assert.equal(existsSync(bench.parent), false);
      assert.deepEqual(await runtime.observe(), []);
    });
  });

  it('removes nothing that somebody else put into its directory', async () => {
    await withBench(async (bench) => {
      mkdirSync(join(bench.directory, 'traefik'), { recursive: true });
      await bench.runtime.apply(bench.plan([]), context);
      await bench.runtime.remove(removal);
      assert.equal(existsSync(join(bench.directory, 'traefik')), true);
      assert.equal(existsSync(join(bench.directory, 'local.json')), false);
      assert.equal(existsSync(join(bench.directory, 'logs')), false);
    });
  });

  it('keeps the processes of units that a new plan leaves as they are', async () => {
    await withBench(async (bench) => {
      const { runtime, httpPort } = bench;
      const stays = servicePlan('stays', enginePlan());
      await runtime.apply(
        bench.plan([
          stays,
          servicePlan('changes', enginePlan()),
          servicePlan('goes', enginePlan()),
        ]),
        context,
      );
      const before = ['gateway', 'stays-engine-0', 'changes-engine-0'].map((name) =>
        pidOf(bench, name),
      );
      const leaver = pidOf(bench, 'goes-engine-0');
      const plan = bench.plan([
        stays,
        servicePlan('changes', enginePlan({ args: ['--new'] })),
        servicePlan('comes', enginePlan()),
      ]);
      await runtime.apply(plan, context);

      assert.equal(pidOf(bench, 'gateway'), before[0]);
      assert.equal(pidOf(bench, 'stays-engine-0'), before[1]);
      assert.notEqual(pidOf(bench, 'changes-engine-0'), before[2]);
      assert.equal(identify(before[2]!), null);
      assert.equal(identify(leaver), null);
      assert.deepEqual(
        (await runtime.observe()).map(({ name, hash }) => ({ name, hash })),
        (await runtime.desired(plan)).map(({ name, hash }) => ({ name, hash })),
      );
      const { port } = await running(bench, 'comes-engine-0');
      const served = JSON.stringify(await ask(httpPort));
      assert.match(served, new RegExp(`"url":"http://127.0.0.1:${String(port)}"`));
      assert.doesNotMatch(served, /goes/);
    });
  });

  it('hands a variable that changed to the engine that needs it, and keeps it on no disk', async () => {
    await withBench(async (bench) => {
      const plan = bench.plan([
        servicePlan('secret', enginePlan({ env: { TOKEN: null } })),
        servicePlan('plain', enginePlan()),
      ]);
      const old = bench.runtimeWith({ TOKEN: 'old-value' });
      await old.apply(plan, context);
      const plain = pidOf(bench, 'plain-engine-0');
      const next = bench.runtimeWith({ TOKEN: 'new-value' });
      assert.notDeepEqual(await next.desired(plan), await old.desired(plan));
      await next.apply(plan, context);
      const { port } = await running(bench, 'secret-engine-0');
      assert.equal((await ask(port!))?.['token'], 'new-value');
      assert.equal(pidOf(bench, 'plain-engine-0'), plain);
      assert.equal(existsSync(join(bench.directory, 'job.json')), false);
      assert.doesNotMatch(readFileSync(join(bench.directory, 'local.json'), 'utf8'), /-value/);
    });
  });

  it('starts an engine that waits for its next start at once, on another port when its own was taken', async () => {
    const pauses = { firstPauseMs: 3_600_000, maxPauseMs: 3_600_000 };
    await withBench(async (bench) => {
      const plan = bench.plan([servicePlan('chat', enginePlan())]);
      await bench.runtime.apply(plan, context);
      const { port } = await running(bench, 'chat-engine-0');
      await ask(port!, '/crash');
      await eventually('it waits', () =>
        stateOf(bench).units[0]?.state === 'restarting' ? true : null,
      );
      const thief = createServer().listen(port!, '127.0.0.1');
      await once(thief, 'listening');
      try {
        await bench.runtime.apply(plan, context);
        const unit = await running(bench, 'chat-engine-0');
        assert.notEqual(unit.port, port);
        assert.notEqual(await ask(unit.port!), null);
        const served = JSON.stringify(await ask(bench.httpPort));
        assert.match(served, new RegExp(`"url":"http://127.0.0.1:${String(unit.port)}"`));
      } finally {
        thief.close();
      }
    }, pauses);
  });

  it('moves the gateway to another port', async () => {
    await withBench(async (bench) => {
      const service = servicePlan('chat', enginePlan());
      await bench.runtime.apply(bench.plan([service]), context);
      const engine = pidOf(bench, 'chat-engine-0');
      const probe = createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      const { port } = probe.address() as { port: number };
      probe.close();
      await once(probe, 'close');
      await bench.runtime.apply(bench.plan([service], port), context);
      assert.notEqual(await ask(port), null);
      assert.equal(await ask(bench.httpPort), null);
      assert.equal(pidOf(bench, 'chat-engine-0'), engine);
    });
  });

  it('tells the last words of an engine that does not start, and leaves nothing running', async () => {
    await withBench(async (bench) => {
      const plan = bench.plan([servicePlan('bad', enginePlan({ args: ['--fail'] }))]);
      await assert.rejects(bench.runtime.apply(plan, context), (error: unknown) => {
        assert.ok(error instanceof LlmOpsError);
        assert.equal(error.code, 'start_failed');
        assert.match(error.message, /^bad-engine-0 .*\(3\)/);
        assert.match(error.message, /no such model/);
        assert.equal(error.hint, 'Everything was ended again.');
        return true;
      });
      assert.equal(findSupervisor(bench.directory), null);
      assert.equal(existsSync(bench.parent), false);
    });
  });

  it('keeps serving the others when a new plan brings an engine that does not start', async () => {
    await withBench(async (bench) => {
      const good = servicePlan('good', enginePlan());
      await bench.runtime.apply(bench.plan([good]), context);
      const before = pidOf(bench, 'good-engine-0');
      const bad = servicePlan('bad', enginePlan({ args: ['--fail'] }));
      await assert.rejects(bench.runtime.apply(bench.plan([good, bad]), context), {
        code: 'start_failed',
        hint: /keeps running/,
      });
      assert.equal(pidOf(bench, 'good-engine-0'), before);
      await bench.runtime.apply(bench.plan([good]), context);
      assert.equal(pidOf(bench, 'good-engine-0'), before);
    });
  });

  it('starts nothing when the port is in use', async () => {
    await withBench(async (bench) => {
      const other = createServer().listen(bench.httpPort, '127.0.0.1');
      await once(other, 'listening');
      try {
        await assert.rejects(bench.runtime.apply(bench.plan([]), context), (error: unknown) => {
          assert.ok(error instanceof LlmOpsError);
          assert.equal(error.code, 'port_in_use');
          assert.match(
            error.message,
            new RegExp(`^port ${String(bench.httpPort)} on 127.0.0.1 is in use`),
          );
          return true;
        });
        assert.equal(existsSync(bench.parent), false);
      } finally {
        other.close();
      }
    });
  });

  it('starts nothing when a program is missing', async () => {
    await withBench(async (bench) => {
      const plan = bench.plan([servicePlan('chat', enginePlan({ kind: 'vllm' }))]);
      const bare = bench.runtimeWith({ PATH: bench.directory });
      await assert.rejects(bare.check(plan), { code: 'engine_missing' });
      await assert.rejects(bare.apply(plan, context), { code: 'engine_missing' });
      assert.equal(existsSync(bench.parent), false);
    });
  });
});

describe('processes that are left alone', () => {
  it('end by themselves when the supervisor is killed, and the next apply starts anew', async () => {
    await withBench(async (bench) => {
      const plan = bench.plan([servicePlan('chat', enginePlan())]);
      await bench.runtime.apply(plan, context);
      const { supervisor, units } = stateOf(bench);
      process.kill(supervisor.pid, 'SIGKILL');
      for (const unit of units) await gone(unit.pid!);
      await gone(supervisor.pid);
      for (const unit of await bench.runtime.observe()) assert.equal(unit.state, 'stopped');
      await bench.runtime.apply(plan, context);
      for (const unit of units) assert.notEqual(pidOf(bench, unit.name), unit.pid);
      assert.notEqual(await ask(bench.httpPort), null);
    });
  });

  it('are ended by the next apply where they are not ours, with their helpers', async () => {
    await withBench(async (bench) => {
      const engine = enginePlan({ kind: 'vllm', gpus: [{ id: 'GPU-a', name: null }] });
      const plan = bench.plan([servicePlan('big', engine)]);
      await bench.runtime.apply(plan, context);
      const { port, pid } = await running(bench, 'big-engine-0');
      const answer = await ask(port!);
      assert.equal(answer?.['gpus'], 'GPU-a');
      const { supervisor } = stateOf(bench);
      process.kill(supervisor.pid, 'SIGKILL');
      await gone(supervisor.pid);
      assert.match((await bench.runtime.observe())[0]!.detail, /outlived its supervisor/);

      await bench.runtime.apply(plan, context);
      assert.equal(identify(pid!), null);
      await gone(answer['helper'] as number);
      assert.notEqual(pidOf(bench, 'big-engine-0'), pid);
    });
  });

  it('are never ended when their pid was given to somebody else', async () => {
    await withBench(async (bench) => {
      const stranger: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      try {
        const startId = `${identify(stranger.pid!)!.startId}0`;
        makeStateDirectory(bench.directory);
        writeState(bench.directory, {
          ...{ version: VERSION, job: null, failure: null, listen: '127.0.0.1', httpPort: 1 },
          supervisor: { pid: stranger.pid!, startId, mode: 'detached' },
          units: [
            {
              ...{ name: 'chat-engine-0', role: 'engine', hash: 'h', pid: stranger.pid!, startId },
              ...{ state: 'running', detail: '', restarts: 0, startedAt: null, port: 1, gpus: [] },
            },
          ],
        });
        assert.equal((await bench.runtime.observe())[0]?.state, 'stopped');
        await bench.runtime.remove(removal);
        assert.equal(existsSync(bench.parent), false);
        assert.equal(stranger.exitCode ?? stranger.signalCode, null);
        assert.notEqual(identify(stranger.pid!), null);
      } finally {
        stranger.kill('SIGKILL');
      }
    });
  });
});

describe('logs of a stack', () => {
  it('bear the names of their units and end with the stack', async () => {
    await withBench(async (bench) => {
      await bench.runtime.apply(bench.plan([servicePlan('chat', enginePlan())]), context);
      await running(bench, 'chat-engine-0');
      const { signal } = context;
      const seen: unknown[] = [];
      const reading = (async () => {
        const options = { units: ['chat-engine-0'], follow: true, tail: 10, signal };
        for await (const line of bench.runtime.logs(options)) seen.push(line);
      })();
      await eventually('a line', () => (seen.length > 0 ? true : null));
      await bench.runtime.remove(removal);
      await reading;
      assert.deepEqual(seen, [{ unit: 'chat-engine-0', text: 'engine up' }]);
    });
  });
});
