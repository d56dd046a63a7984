import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { cachedDataVersionTag } from 'node:v8';
import { WORKER_NODE_FLAGS } from '../../src/config/worker-config.ts';
import { compileParser } from '../../src/engines/undici-parser.ts';
import { createChatRenderer } from '../../src/prompts/chat/chat-renderer.ts';
import { collectGarbage } from '../../src/worker/collect-garbage.ts';

/** What V8 asks of code that is kept as compiled: its version, the machine's, and the flags. */
async function tagUnder(flags: readonly string[]): Promise<number> {
  const program = 'console.log(v8.cachedDataVersionTag())';
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', program]);
  return Number(stdout);
}

describe('what Node keeps of its own modules as compiled', () => {
  it('is good under the flags of the worker', async () => {
    const own = await tagUnder([]);
    assert.notEqual(await tagUnder(['--expose-gc']), own, 'some flags matter');

    assert.equal(await tagUnder(WORKER_NODE_FLAGS), own);
  });

  it('stays good, whatever the worker sets while it runs', async () => {
    const before = cachedDataVersionTag();

    compileParser();
    assert.equal(cachedDataVersionTag(), before);
    collectGarbage();
    assert.equal(cachedDataVersionTag(), before);
    const renderer = createChatRenderer({ timeLimitMs: 30_000, threads: 1 });
    const template = { source: 'Hello', bosToken: null, eosToken: null };
    await renderer.render(template, { messages: [], addGenerationPrompt: false });
    await renderer.close();
    assert.equal(cachedDataVersionTag(), before);
  });
});

describe('the image of the worker', () => {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');

  it('starts under the flags of the worker', () => {
    const [, entrypoint = '[]'] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? [];
    assert.deepEqual(JSON.parse(entrypoint), ['node', ...WORKER_NODE_FLAGS]);
  });

  it('is compiled under the same, which is what makes the compiled code good', () => {
    const [, command] = /^RUN node (.+) src\/worker\/main\.js/m.exec(dockerfile) ?? [];
    assert.equal(command, WORKER_NODE_FLAGS.join(' '));
  });
});
