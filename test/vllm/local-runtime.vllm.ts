/**
 * vLLM itself as processes of this machine, below our supervisor: up, answers, and ten deaths of its engine process in mid-stream, five
 * of each of two services, so that one loads again while the other one dies.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chatBody } from '../documented-requests.ts';
import { ask, askUntil, json } from '../e2e/front-door-client.ts';
import { freePorts } from '../e2e/free-ports.ts';
import { productRoot, run } from '../e2e/shell.ts';
import { writeLoraAdapter } from './lora-adapter.ts';
import { CPU_ARGS, findEngineCore, giveWay, provided } from './real-vllm.ts';
import { streamAndAct } from './stream-client.ts';

const NAME = `vllm-local-${process.pid}`;
const SERVICES = ['tiny.A', 'tiny-B'] as const;
const DEATHS_EACH = 5;
/** Pauses grow up to 16 s in five deaths, and two engines load at the same time. */
const COMEBACK_MS = 240_000;

let directory = '';
let port = 0;
const url = (service: string, path: string): string =>
  `http://127.0.0.1:${String(port)}/api/${service}/${path}`;
const llmOps = (...args: readonly string[]): ReturnType<typeof run> =>
  run(join(productRoot, 'llm-ops'), [...args, '-f', join(directory, 'llm-ops.yml')], {
    env: { PATH: `${provided('VLLM_BIN')}:${process.env['PATH'] ?? ''}` },
  });
const prompt = { prompt: 'once', echo: false, temperature: 0 };

before(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'llm-ops-vllm-')));
  [port] = await freePorts();
  await writeLoraAdapter(join(directory, 'adapter'));
  await writeFile(join(directory, 'llm-ops.yml'), renderConfig());
});

after(async () => {
  await llmOps('down');
  await rm(directory, { recursive: true, force: true });
});

describe('vLLM as processes of this machine', { timeout: 20 * 60_000 }, () => {
  it('comes up with one command, which tells what it loads', async () => {
    const up = await llmOps('up', '--runtime', 'local');

    assert.equal(up.exitCode, 0, `${up.stdout}\n${up.stderr}`);
    assert.match(up.stderr, /tiny\.A: (starting|loading) .*(weights|KV cache|model|engine)/);
    for (const service of SERVICES) assert.match(up.stdout, new RegExp(`/api/${service}$`, 'm'));
  });

  it('answers conversations and prompts, with exact counts', async () => {
    for (const service of SERVICES) {
      const chat = await ask(url(service, 'worker_generate'), {
        body: { ...chatBody(service), temperature: 0, max_new_tokens: 7 },
      });
      assert.equal(chat.status, 200, chat.text);
      const { usage, error_code: errorCode } = json(chat);
      assert.equal(errorCode, 0);
      assert.equal((usage as Record<string, number>)['completion_tokens'], 7);
    }
  });

  it('takes the arguments of today’s versions, LoRA adapters among them', async () => {
    const engine = (await units()).find(({ name }) => name === 'tiny-B-engine-0');
    const models = await ask(`http://127.0.0.1:${String(engine?.port)}/v1/models`);

    const { data } = JSON.parse(models.text) as { data: { id: string; parent: string | null }[] };
    assert.deepEqual(
      data.map(({ id, parent }) => [id, parent]),
      [
        ['tiny-B', null],
        ['waves', 'tiny-B'],
      ],
    );
  });

  it('changes nothing when it is brought up again', async () => {
    const before = await unitPids();

    const again = await llmOps('up', '--runtime', 'local');

    assert.equal(again.exitCode, 0, again.stderr);
    assert.deepEqual(await unitPids(), before);
  });

  it(`says each of ${String(DEATHS_EACH * SERVICES.length)} deaths in mid-stream, refuses with its state, and comes back`, async (test) => {
    const died = await Promise.all(
      SERVICES.map(async (service) => {
        const times: number[] = [];
        for (let death = 1; death <= DEATHS_EACH; death += 1) times.push(await dieOnce(service));
        await untilAnswered(service);
        return times;
      }),
    );

    const times = died.flat().sort((a, b) => a - b);
    assert.equal(times.length, DEATHS_EACH * SERVICES.length);
    test.diagnostic(
      `ms from a death to the end of its stream: ${times.map(Math.round).join(', ')}`,
    );
  });

  it('says in ps that they were started again', async () => {
    const ps = await llmOps('ps');

    assert.equal(ps.exitCode, 0, ps.stderr);
    for (const service of SERVICES)
      assert.match(ps.stdout, new RegExp(`${service}-engine-0 .*started again`));
  });

  it('goes down and leaves no process', async () => {
    const pids = Object.values(await unitPids());
    const cores = await Promise.all(SERVICES.map((each) => engineCoreOf(each)));

    const down = await llmOps('down');

    assert.equal(down.exitCode, 0, down.stderr);
    for (const pid of [...pids, ...cores])
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});

/** Kills the engine process in the middle of an answer. Returns how long the stream took to end, in milliseconds. */
async function dieOnce(service: string): Promise<number> {
  await untilAnswered(service);
  const engineCore = await engineCoreOf(service);
  await giveWay(engineCore);
  const body = { ...prompt, max_new_tokens: 4000 };

  const { frames, afterActMs } = await streamAndAct(
    url(service, 'worker_generate_stream'),
    body,
    async () => {
      await Promise.resolve();
      process.kill(engineCore, 'SIGKILL');
    },
  );

  const last = frames.at(-1);
  assert.notEqual(last?.error_code, 0, `${service}: the last frame is ${JSON.stringify(last)}`);
  for (const frame of frames)
    assert.ok((frame.finish_reason ?? null) === null, JSON.stringify(frame));
  const refused = await askUntil(url(service, 'worker_generate'), ({ status }) => status === 503, {
    body: { ...prompt, max_new_tokens: 2 },
  });
  assert.equal(json(refused)['service'], service);
  assert.match(String(json(refused)['state']), /^(down|loading|starting)$/);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  return afterActMs;
}

async function untilAnswered(service: string): Promise<void> {
  await askUntil(url(service, 'worker_generate'), ({ status }) => status === 200, {
    body: { ...prompt, max_new_tokens: 2 },
    timeoutMs: COMEBACK_MS,
  });
}

async function engineCoreOf(service: string): Promise<number> {
  const pid = (await unitPids())[`${service}-engine-0`];
  assert.ok(pid !== undefined, `${service} has no process`);
  return findEngineCore(pid);
}

type Unit = { readonly name: string; readonly pid: number | null; readonly port: number | null };

async function units(): Promise<readonly Unit[]> {
  const text = await readFile(join(directory, '.llm-ops', NAME, 'local.json'), 'utf8');
  return (JSON.parse(text) as { units: readonly Unit[] }).units;
}

async function unitPids(): Promise<Readonly<Record<string, number>>> {
  const running = (await units()).flatMap(({ name, pid }) => (pid === null ? [] : [[name, pid]]));
  return Object.fromEntries(running) as Record<string, number>;
}

/** Arguments beyond those that the tiny model needs: what people give to vLLM most. */
const MORE_ARGS = [
  '--enable-prefix-caching',
  '--gpu-memory-utilization',
  '0.5',
  '--enable-lora',
  '--max-lora-rank',
  '8',
  '--lora-modules',
];

function renderConfig(): string {
  const source = provided('VLLM_MODEL');
  const more = [...CPU_ARGS, ...MORE_ARGS, `waves=${join(directory, 'adapter')}`];
  return `name: ${NAME}
gateway: { http_port: ${String(port)}, tls: off }
defaults:
  engine: vllm
  gpu: 0
  args: [${CPU_ARGS.join(', ')}]
  env: { VLLM_CPU_KVCACHE_SPACE: 1, VLLM_NO_USAGE_STATS: 1, HF_HUB_OFFLINE: 1 }
services:
  tiny.A: { source: ${source} }
  tiny-B: { source: ${source}, args: [${more.join(', ')}] }
`;
}
