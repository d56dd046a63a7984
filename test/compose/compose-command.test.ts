import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composeLines, findDockerHost, runCompose } from '../../src/compose/compose-command.ts';
import { LlmOpsError } from '../../src/errors.ts';
import { fakeCommand, type FakeCommand } from './fake-docker.ts';

const call = ({ env }: FakeCommand) => ({ project: 'demo', file: '/x/docker-compose.yml', env });

async function failure(script: string): Promise<LlmOpsError> {
  await using command = await fakeCommand(script);
  const error: unknown = await runCompose(['up'], {
    ...call(command),
    report: () => undefined,
  }).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LlmOpsError);
  return error;
}

describe('docker compose', () => {
  it('is run for the project and file, and the lines that somebody waits for are reported by unit', async () => {
    await using command = await fakeCommand(
      'echo " Container demo-my.model-worker-1  Started"; echo; echo " Network demo_edge  Created" >&2; echo " Container demo-x-1  Starting"; echo " traefik Pulling" >&2; echo " 0123456789ab Extracting" >&2',
    );
    const events: unknown[] = [];
    await runCompose(['up', '-d'], {
      ...call(command),
      envFile: '/x/.env',
      report: (event) => events.push(event),
    });
    assert.deepEqual(events.sort(), [
      { unit: 'my.model-worker', text: 'Started' },
      { text: 'traefik Pulling' },
    ]);
    assert.deepEqual(await command.calls(), [
      'compose --progress plain --ansi never -p demo -f /x/docker-compose.yml --env-file /x/.env up -d',
    ]);
  });

  it('gets the environment that it is given and no other', async () => {
    await using command = await fakeCommand('echo "token ${HF_TOKEN-none} home ${HOME-none}"');
    const lines: string[] = [];
    const env = { ...command.env, HF_TOKEN: 'x' };
    for await (const line of composeLines(['up'], { ...call(command), env })) lines.push(line);
    assert.deepEqual(lines, ['token x home none']);
  });

  it('that fails tells its last lines', async () => {
    const error = await failure('for i in $(seq 30); do echo "line $i"; done; exit 1');
    assert.equal(error.code, 'docker_failed');
    assert.match(error.message, /docker compose up failed:/);
    assert.match(error.message, /line 30$/);
    assert.doesNotMatch(error.message, /line 3\n/);
  });

  it('names the port that something else has', async () => {
    const allocated = 'Bind for 127.0.0.1:8443 failed: port is already allocated';
    const inUse =
      'failed to bind host port for 127.0.0.1:8989:172.19.0.2:8080/tcp: address already in use';
    const older = 'listen tcp4 0.0.0.0:8443: bind: address already in use';
    const ports = [];
    for (const text of [allocated, inUse, older]) {
      const error = await failure(`echo "Error response from daemon: ${text}" >&2; exit 1`);
      assert.equal(error.code, 'port_in_use');
      ports.push(error.details['port']);
    }
    assert.deepEqual(ports, [8443, 8989, 8443]);
  });

  it('is unavailable without the command, the plugin or the daemon', async () => {
    const plugin = await failure('echo "docker: \'compose\' is not a docker command." >&2; exit 1');
    assert.equal(plugin.code, 'docker_unavailable');
    assert.match(plugin.message, /Compose plugin/);
    const old = await failure('echo "unknown shorthand flag: \'p\' in -p" >&2; exit 125');
    assert.match(old.message, /Compose plugin/);
    const daemon = await failure(
      'echo "Cannot connect to the Docker daemon at unix:///x" >&2; exit 1',
    );
    assert.equal(daemon.code, 'docker_unavailable');
    await assert.rejects(
      runCompose(['up'], {
        project: 'demo',
        file: '/x',
        env: { PATH: '/no/such/directory' },
        report: () => undefined,
      }),
      { code: 'docker_unavailable' },
    );
  });

  it('ends when the signal says so', async () => {
    await using command = await fakeCommand('echo started; exec sleep 60');
    const abort = new AbortController();
    const running = runCompose(['up'], {
      ...call(command),
      signal: abort.signal,
      report: () => abort.abort(),
    });
    await assert.rejects(running, /interrupted/);
  });
});

describe('docker compose that is interrupted', { timeout: 30_000 }, () => {
  it('ends with everything that it started, also where `docker` itself passes no signal on', async () => {
    // What it started holds the pipe that we read.
    await using command = await fakeCommand('sleep 600 & echo started; exec sleep 0.1');
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      const following = { ...call(command), signal: abort.signal };
      for await (const line of composeLines(['logs'], following))
        if (line === 'started') setTimeout(() => abort.abort(), 300);
    };

    await assert.rejects(read(), /interrupted/);
  });

  it('ends also where the signal is lost', async () => {
    await using command = await fakeCommand("trap '' TERM; echo started; sleep 600");
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      const following = { ...call(command), signal: abort.signal, graceMs: 100 };
      for await (const line of composeLines(['logs'], following))
        if (line === 'started') abort.abort();
    };

    await assert.rejects(read(), /interrupted/);
  });

  it('ends when nobody reads on', async () => {
    await using command = await fakeCommand('echo started; exec sleep 600');
    for await (const line of composeLines(['logs'], call(command))) {
      assert.equal(line, 'started');
      break;
    }
  });
});

describe('where Docker is', () => {
  it('is what DOCKER_HOST says, else what the command’s context says', async () => {
    await using command = await fakeCommand('echo unix:///run/user/1000/docker.sock');
    assert.equal(await findDockerHost({ ...command.env, DOCKER_HOST: 'tcp://x' }), 'tcp://x');
    assert.equal(await findDockerHost(command.env), 'unix:///run/user/1000/docker.sock');
  });

  it('is unknown when the command cannot say', async () => {
    await using command = await fakeCommand('exit 1');
    assert.equal(await findDockerHost(command.env), undefined);
  });
});
