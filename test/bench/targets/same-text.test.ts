/** Every target passes the same answer of the bench's engine on. Peers that were never fetched are skipped: tests fetch nothing. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { answerText } from '../../../bench/harness/engine/answers.ts';
import { startEngine } from '../../../bench/harness/engine/engine.ts';
import { direct } from '../../../bench/targets/direct.ts';
import { findTargets } from '../../../bench/targets/find-targets.ts';
import { ours } from '../../../bench/targets/ours.ts';
import { startMsOf } from '../../../bench/targets/program.ts';
import type { RequestShape, RunningTarget, Target } from '../../../bench/targets/target.ts';
import { cacheDirectory } from '../../../src/config/values/cache-directory.ts';

const TOKENS = 24;
const TEXT = answerText(TOKENS);

async function start(t: TestContext, target: Target): Promise<RunningTarget> {
  const engine = await startEngine({ core: null });
  t.after(() => engine.close());
  await engine.setMode({ tokens: TOKENS, intervalMs: 2, firstTokenMs: 2 });
  const running = await target.start({ engineUrl: engine.url, core: null });
  t.after(() => running.close());
  return running;
}

async function ask(port: number, { path, headers, body }: RequestShape): Promise<string> {
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  assert.equal(reply.status, 200);
  return reply.text();
}

type Event = {
  readonly text?: string;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string };
    readonly message?: { readonly content?: string };
  }[];
};

/** Of one JSON value, in either API. */
function textOf(json: string): string {
  const { text, choices = [] } = JSON.parse(json) as Event;
  const [choice] = choices;
  return text ?? choice?.delta?.content ?? choice?.message?.content ?? '';
}

function textOfEvents(body: string): string {
  const events = body.split('\n\n').filter((event) => event.startsWith('data: {'));
  return events.map((event) => textOf(event.slice('data: '.length))).join('');
}

const framesOf = (body: string): readonly string[] => body.split('\0').filter((f) => f !== '');

async function assertSameText({ port, shapes }: RunningTarget): Promise<void> {
  assert.equal(textOf(await ask(port, shapes.plain)), TEXT);
  assert.equal(textOfEvents(await ask(port, shapes.stream)), TEXT);
}

const PEERS = ['nginx', 'portkey', 'fastchat'] as const;

describe('the targets', () => {
  it('pass the same answer on: the engine itself', async (t) => {
    await assertSameText(await start(t, direct));
  });

  it('pass the same answer on: ours, in all its forms', async (t) => {
    const running = await start(t, ours);
    await assertSameText(running);
    const { port, shapes } = running;
    const { cumulative, delta } = shapes;
    assert.ok(cumulative && delta);
    assert.equal(textOf(framesOf(await ask(port, cumulative)).at(-1) ?? '{}'), TEXT);
    assert.equal(
      framesOf(await ask(port, delta))
        .map(textOf)
        .join(''),
      TEXT,
    );
    assert.ok(startMsOf(running) > 0);
    assert.notEqual(running.rootPid, null);
  });

  it('let nobody ask ours without its token', async (t) => {
    const { port, shapes } = await start(t, ours);
    const { path, body } = shapes.plain;
    const headers = { 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${port}${path}`;
    assert.equal((await fetch(url, { method: 'POST', headers, body })).status, 401);
  });

  for (const name of PEERS) {
    it(`pass the same answer on: ${name}`, async (t) => {
      if (!isFetched(name)) {
        t.skip('the bench has not fetched it here');
        return;
      }
      const without = PEERS.filter((peer) => peer !== name);
      const options = { say: () => undefined, without, env: process.env };
      const { found, missing } = await findTargets(options);
      const target = found.get(name);
      if (target === undefined) t.skip(missing.get(name));
      else await assertSameText(await start(t, target));
    });
  }
});

/** By the bench, earlier: nothing is fetched for a test. */
function isFetched(name: (typeof PEERS)[number]): boolean {
  const cache = join(cacheDirectory(process.env, homedir()), 'bench');
  const names = existsSync(cache) ? readdirSync(cache) : [];
  const isThere = names.some((one) => one.startsWith(`${name}-`) && !one.includes('.draft-'));
  const path = (process.env['PATH'] ?? '').split(':');
  return isThere || (name === 'nginx' && path.some((folder) => existsSync(join(folder, name))));
}
