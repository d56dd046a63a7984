import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

import { chatBody, completionBody } from '../documented-requests.ts';
import { freePorts } from '../e2e/free-ports.ts';
import { type Command, runCommand, startCommand } from './command.ts';
import { configured, PRODUCT_ROOT } from './fake-context.ts';

const CHAT = chatBody('Llama-2-7b-chat');
const COMPLETION = completionBody('Llama-2-7b-chat');

/** Reads until the text is there; rejects when the command ends before. */
async function untilPrinted({ child, ended }: Command, wanted: string): Promise<string> {
  const seen = new Promise<string>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(wanted)) resolve(text);
    });
  });
  const early = ended.then(({ status, stderr }) => {
    throw new Error(`ended with ${String(status)}: ${stderr}`);
  });
  early.catch(() => undefined);
  return Promise.race([seen, early]);
}

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Command lines of processes that name this directory, there or in their environment. Only Linux can tell. */
async function processesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir('/proc').catch(() => []);
  const read = (pid: string, file: string) =>
    readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const found = entries
    .filter((name) => /^\d+$/.test(name))
    .map(async (pid) => {
      const [args, env] = await Promise.all([read(pid, 'cmdline'), read(pid, 'environ')]);
      return args.includes(directory) || env.includes(directory)
        ? [args.replaceAll('\0', ' ')]
        : [];
    });
  return (await Promise.all(found)).flat();
}

type Frame = { readonly text: string; readonly error_code: number };

/** Nothing is here, and nothing can be fetched: the demo has to simulate all of its models. */
async function startDemo(t: TestContext, port: number): Promise<Command> {
  const cache = await mkdtemp(join(tmpdir(), 'llm-ops-cache-'));
  const demo = startCommand(['demo', '--port', String(port)], { env: { XDG_CACHE_HOME: cache } });
  t.after(async () => {
    demo.child.kill('SIGKILL');
    await rm(cache, { recursive: true, force: true });
  });
  return demo;
}

describe('llm-ops demo', () => {
  it('answers the two requests of the documentation, and leaves nothing behind', async (t) => {
    const [port] = await freePorts();
    const demo = await startDemo(t, port);
    const printed = await untilPrinted(demo, 'worker_generate_stream');
    const door = `http://localhost:${String(port)}/api/Llama-2-7b-chat`;

    const whole = (await (await post(`${door}/worker_generate`, CHAT)).json()) as Frame & {
      usage: Record<string, number>;
    };
    const stream = await post(`${door}/worker_generate_stream`, COMPLETION);
    const chunks: Buffer[] = [];
    for await (const chunk of stream.body ?? []) chunks.push(Buffer.from(chunk as Uint8Array));
    const frames = Buffer.concat(chunks)
      .toString()
      .split('\0')
      .filter((part) => part !== '')
      .map((part) => JSON.parse(part) as Frame);
    demo.child.kill('SIGINT');
    const { status, stderr } = await demo.ended;

    const firstDoor = door.replace('Llama-2-7b-chat', 'SmolLM2-135M-Instruct');
    assert.ok(printed.includes(`curl -X POST ${firstDoor}/worker_generate \\`), printed);
    assert.match(stderr, /SmolLM2-135M-Instruct is simulated, since the model cannot run here: /);
    assert.notEqual(whole.text, '');
    assert.equal(whole.error_code, 0);
    assert.notDeepEqual(whole.usage, {});
    assert.ok(frames.length > 10, String(frames.length));
    assert.ok(chunks.length > 10, `came in ${String(chunks.length)} pieces`);
    frames.reduce((before, after) => {
      assert.ok(after.text.startsWith(before.text));
      return after;
    });
    assert.equal(status, 0);
    const directory = join(PRODUCT_ROOT, '.llm-ops', `demo-${String(port)}`);
    await assert.rejects(access(directory), { code: 'ENOENT' });
    assert.deepEqual(await processesOf(directory), []);
  });

  it('SIGTERM while it starts is an orderly end, too', async (t) => {
    const [port] = await freePorts();
    const demo = await startDemo(t, port);
    await once(demo.child.stderr, 'data');
    demo.child.kill('SIGTERM');

    assert.equal((await demo.ended).status, 0);
    const directory = join(PRODUCT_ROOT, '.llm-ops', `demo-${String(port)}`);
    await assert.rejects(access(directory), { code: 'ENOENT' });
    assert.deepEqual(await processesOf(directory), []);
  });
});

describe('llm-ops demo, when nobody reads what it prints any more', () => {
  it('ends in order', async (t) => {
    const [port] = await freePorts();
    const demo = await startDemo(t, port);
    demo.ended.catch(() => undefined);
    demo.child.stdout.destroy();
    demo.child.stderr.destroy();
    const [status] = (await once(demo.child, 'exit')) as [number | null];

    assert.equal(status, 0);
    const directory = join(PRODUCT_ROOT, '.llm-ops', `demo-${String(port)}`);
    await assert.rejects(access(directory), { code: 'ENOENT' });
    assert.deepEqual(await processesOf(directory), []);
  });
});

describe('llm-ops up on the local runtime', () => {
  it('stays behind, is seen, changes nothing a second time, and goes away', async (t) => {
    const [port] = await freePorts();
    const text = `name: staying
gateway: { http_port: ${String(port)} }
services:
  a: { engine: sim, args: [--load-ms, '400'] }
`;
    const { directory, file } = await configured(t, text);
    const verb = (...args: string[]) => runCommand([...args, '-f', file]);
    t.after(() => verb('down'));

    const up = await verb('up', '--runtime', 'local');
    const again = await verb('up');
    const ps = await verb('ps', '--json');
    const logs = await verb('logs', 'a');
    const down = await verb('down');
    const gone = await verb('down');

    assert.equal(up.status, 0, up.stderr);
    assert.match(again.stderr, /nothing to change/);
    const seen = JSON.parse(ps.stdout) as { services: unknown; units: { role: string }[] };
    assert.deepEqual(seen.services, [
      { service: 'a', state: 'ready', detail: '', url: `http://localhost:${String(port)}/api/a` },
    ]);
    assert.deepEqual(seen.units.map(({ role }) => role).sort(), ['engine', 'gateway']);
    assert.match(logs.stdout, /^a-engine-0 \| listening/m);
    assert.deepEqual(
      [down.stdout, gone.stdout],
      ['staying has ended.\n', 'staying does not run.\n'],
    );
    await assert.rejects(access(join(directory, '.llm-ops')), { code: 'ENOENT' });
    assert.deepEqual(await processesOf(directory), []);
  });
});
