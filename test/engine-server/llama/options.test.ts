import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseFlags, USAGE } from '../../../src/engine-server/llama/options.ts';
import { usableCores } from '../../../src/engine-server/llama/usable-cores.ts';

const NEEDED = ['--package', '/p', '--model', '/models/tiny.gguf'];
const parse = (...flags: readonly string[]) => parseFlags([...NEEDED, ...flags]);

describe('flags of the built-in llama.cpp', () => {
  it('have defaults, and a name of the file’s', () => {
    assert.deepEqual(parse(), {
      package: '/p',
      model: '/models/tiny.gguf',
      alias: 'tiny',
      host: '127.0.0.1',
      port: 8080,
      parallel: 4,
      threads: Math.max(1, usableCores() - 1),
      batchSize: 512,
      sleepIdleSeconds: -1,
      sleepIdleMs: null,
    });
  });

  it('are llama-server’s, long and short', () => {
    const long = parse(
      ...['--alias', 'a', '--ctx-size', '0', '--parallel', '2', '--threads', '3'],
      ...['--batch-size', '64', '--sleep-idle-seconds', '60', '--host', '::', '--port=0'],
    );
    assert.deepEqual(
      parse(
        ...['-a', 'a', '-c', '0', '-np', '2', '-t', '3', '-b', '64'],
        ...['--sleep-idle-seconds', '60', '--host', '::', '--port', '0'],
      ),
      long,
    );
    assert.deepEqual(
      [long?.alias, long?.ctxSize, long?.parallel, long?.threads, long?.sleepIdleMs],
      ['a', 0, 2, 3, 60_000],
    );
    assert.equal(parse('-np=7')?.parallel, 7);
  });

  it('take -1 behind a space for never', () => {
    assert.equal(parse('--sleep-idle-seconds', '-1')?.sleepIdleMs, null);
  });

  it('ask for help', () => {
    assert.equal(parseFlags(['--help']), null);
    assert.match(USAGE, /--ctx-size/);
  });

  for (const [what, flags, message] of [
    ['no model', ['--package', '/p'], /--model: /],
    ['no package', ['--model', 'm.gguf'], /--package: /],
    ['no slot', [...NEEDED, '-np', '0'], /--parallel: /],
    ['no thread', [...NEEDED, '-t', '0'], /--threads: /],
    ['a sleep of no time', [...NEEDED, '--sleep-idle-seconds', '0'], /--sleep-idle-seconds: .*-1/],
    ['what is no number', [...NEEDED, '-c', 'much'], /^--ctx-size wants .* not "much"\.$/],
  ] as const) {
    it(`are refused for ${what}, by the flag’s name`, () => {
      assert.throws(() => parseFlags(flags), { code: 'usage', message });
    });
  }

  it('tell of llama-server when one is known to that only', () => {
    assert.throws(() => parse('--mlock'), {
      code: 'usage',
      message: /--mlock/,
      hint: /Install llama-server/,
    });
  });
});
