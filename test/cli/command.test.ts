import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { VERSION } from '../../src/version.ts';
import { runCommand, startCommand } from './command.ts';
import { scratch, twoServices } from './fake-context.ts';

describe('llm-ops, the command', () => {
  it('--version and --help are data', async () => {
    const [version, help] = await Promise.all([runCommand(['--version']), runCommand(['--help'])]);

    assert.deepEqual(version, { status: 0, stdout: `${VERSION}\n`, stderr: '' });
    assert.equal(help.status, 0);
    assert.match(help.stdout, /^ {2}up .*\n/m);
    assert.match(help.stdout, /llm-ops init && llm-ops up/);
    for (const line of help.stdout.split('\n')) assert.ok(line.length <= 100, line);
  });

  it('without a verb it shows the help, as an error', async () => {
    const { status, stdout, stderr } = await runCommand([]);

    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /Usage: llm-ops/);
    assert.doesNotMatch(stderr, /error:/);
  });

  it('a verb that only has verbs of its own does the same', async () => {
    const { status, stdout, stderr } = await runCommand(['model']);

    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /Usage: llm-ops model/);
    for (const verb of ['pull', 'list', 'show', 'rm'])
      assert.match(stderr, new RegExp(`^  ${verb} `, 'm'));
    assert.doesNotMatch(stderr, /error:/);
  });

  it('an unknown verb is bad usage, with the one that was meant', async () => {
    const { status, stdout, stderr } = await runCommand(['valdate']);

    assert.deepEqual([status, stdout], [2, '']);
    assert.equal(stderr, "error: unknown command 'valdate'\n(Did you mean validate?)\n");
  });

  it('an unknown option is bad usage, with the one that was meant', async () => {
    const { status, stderr } = await runCommand(['up', '--prot', '80']);

    assert.equal(status, 2);
    assert.equal(stderr, "error: unknown option '--prot'\n(Did you mean --port?)\n");
  });

  it('bad usage is JSON where JSON was asked for', async () => {
    const { status, stdout, stderr } = await runCommand(['ps', '--json', '--nonsense']);

    assert.deepEqual([status, stdout], [2, '']);
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
    assert.deepEqual([error.code, error.message], ['usage', "unknown option '--nonsense'"]);
  });

  it('a missing file is named, with a way to get one', async (t) => {
    const { status, stderr } = await runCommand(['validate'], { cwd: await scratch(t) });

    assert.equal(status, 2);
    assert.match(stderr, /^error: llm-ops\.yml: there is no such file\n.*llm-ops init/);
  });

  it('a broken configuration tells all its problems, with their places', async (t) => {
    const cwd = await scratch(t);
    await writeFile(
      join(cwd, 'llm-ops.yml'),
      'gateway: { http_port: often }\nservices:\n  a: { engin: sim }\n  b: { engine: vlm }\n',
    );

    const { status, stdout, stderr } = await runCommand(['validate'], { cwd });

    assert.deepEqual([status, stdout], [2, '']);
    for (const place of ['llm-ops.yml:1:', 'llm-ops.yml:3:', 'llm-ops.yml:4:'])
      assert.ok(stderr.includes(`\n${place}`), `${place} in ${stderr}`);
  });

  it('the same as JSON carries the problems as data', async (t) => {
    const cwd = await scratch(t);
    await writeFile(join(cwd, 'llm-ops.yml'), 'services:\n  a: { engine: vlm }\n');

    const { stderr } = await runCommand(['validate', '--json'], { cwd });

    const { error } = JSON.parse(stderr) as {
      error: { code: string; details: { problems: { line: number; path: string }[] } };
    };
    assert.equal(error.code, 'config_invalid');
    assert.deepEqual(
      error.details.problems.map(({ line, path }) => [line, path]),
      [[2, 'services.a.engine']],
    );
  });

  it('init, then validate: the starter is a good configuration', async (t) => {
    const cwd = await scratch(t);

    const first = await runCommand(['init'], { cwd });
    const valid = await runCommand(['validate'], { cwd });
    const second = await runCommand(['init'], { cwd });

    assert.deepEqual([first.status, valid.status, second.status], [0, 0, 1]);
    assert.match(
      valid.stdout,
      /^Llama-2-7b-chat +llama-2 +the configuration names it\n\nllm-ops\.yml: 1 service, fine\n$/m,
    );
    assert.match(second.stderr, /^error: llm-ops\.yml is there already\n.*--force/);
  });

  it('render writes once, checks, and never replaces what it did not write', async (t) => {
    const cwd = await scratch(t);
    await writeFile(join(cwd, 'llm-ops.yml'), twoServices());
    const compose = join(cwd, 'docker-compose.yml');

    const missing = await runCommand(['render', '--check'], { cwd });
    const written = await runCommand(['render'], { cwd });
    const good = await runCommand(['render', '--check'], { cwd });
    const text = await readFile(compose, 'utf8');
    const print = await runCommand(['render', '--print'], { cwd });
    await writeFile(compose, text.replace('restart:', 'retsart:'));
    const changed = await runCommand(['render', '--check'], { cwd });
    await writeFile(compose, 'services: {}\n');
    const foreign = await runCommand(['render'], { cwd });

    assert.deepEqual([missing.status, written.status, good.status], [1, 0, 0]);
    assert.match(missing.stdout, /^docker-compose\.yml$/m);
    assert.equal(print.stdout, text);
    assert.deepEqual([changed.status, changed.stdout], [1, 'docker-compose.yml\n']);
    assert.deepEqual([foreign.status, foreign.stdout], [1, '']);
    assert.match(
      foreign.stderr,
      /^error: not generated by llm-ops.*docker-compose\.yml\n.*--force/,
    );
    assert.equal(await readFile(compose, 'utf8'), 'services: {}\n');
  });

  it('Docker asked for and nowhere is one clear message', async (t) => {
    const cwd = await scratch(t);
    await writeFile(join(cwd, 'llm-ops.yml'), twoServices());

    const { status, stdout, stderr } = await runCommand(['up', '--runtime', 'docker'], { cwd });

    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^error: .*\/nonexistent\/docker\.sock/m);
    assert.doesNotMatch(stderr, / at .*\.ts:\d/);
  });

  it('a port in use is one clear message, and nothing stays behind', async (t) => {
    const cwd = await scratch(t);
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    t.after(() => holder.close());
    const { port } = holder.address() as AddressInfo;
    await writeFile(join(cwd, 'llm-ops.yml'), twoServices(port));

    const { status, stderr } = await runCommand(['up', '--runtime', 'local'], { cwd });
    const after = await runCommand(['ps', '--json'], { cwd });

    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^error: .*${String(port)}`, 'm'));
    assert.deepEqual((JSON.parse(after.stdout) as { units: unknown }).units, []);
  });

  it('a reader that has seen enough is no failure', async () => {
    const { child, ended } = startCommand(['--help']);
    ended.catch(() => undefined);
    child.stdout.destroy();

    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  it('sim passes its options, its output and its end through', async () => {
    const { child, ended } = startCommand(['sim', '--port', '0', '--model', 'tiny']);
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /http:\S+/.exec(chunk.toString())?.[0] ?? '';
    const reply = await fetch(`${url}/v1/models`);
    child.kill('SIGTERM');

    assert.match(await reply.text(), /"tiny"/);
    assert.equal((await ended).status, 0);
  });

  it('wrong options of sim are its own bad usage', async () => {
    const { status, stderr } = await runCommand(['sim', '--modle', 'tiny']);

    assert.equal(status, 2);
    assert.match(stderr, /--modle/);
  });

  it('worker without a configuration says what it needs', async () => {
    const { status, stderr } = await runCommand(['worker', '--port', '8001']);

    assert.equal(status, 2);
    assert.match(stderr, /LLM_OPS_WORKER_CONFIG/);
  });
});
