import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseFlags, resolveOptions, USAGE } from '../../src/engine-server/options.ts';

describe('options of the engine server', () => {
  it('have the defaults of the documentation', () => {
    assert.deepEqual(resolveOptions(parseFlags([]) ?? {}), {
      model: 'sim',
      host: '127.0.0.1',
      port: 8000,
      contextLength: 4096,
      ttftMs: 50,
      prefillMsPerToken: 0,
      itlMs: 20,
      loadMs: 0,
      maxConcurrent: 256,
      prefixCache: true,
      kvCacheTokens: 200_000,
      remember: 1000,
      fault: {},
    });
  });

  it('are the same by flags and by name', () => {
    const flags = parseFlags([
      ...['--model', 'tiny', '--host', '::1', '--port', '0', '--context-length=99'],
      ...['--ttft-ms', '1', '--itl-ms', '2', '--load-ms', '3', '--answer-tokens', '4'],
      ...['--max-concurrent', '5', '--fault', 'die_at_token=6', '--fault', 'times=7'],
      ...['--max-waiting', '0', '--prefill-ms-per-token', '0.25', '--no-prefix-cache'],
      ...['--kv-cache-tokens', '800', '--remember', '9'],
    ]);
    assert.deepEqual(flags, {
      model: 'tiny',
      host: '::1',
      port: 0,
      contextLength: 99,
      ttftMs: 1,
      itlMs: 2,
      loadMs: 3,
      answerTokens: 4,
      maxConcurrent: 5,
      maxWaiting: 0,
      prefillMsPerToken: 0.25,
      prefixCache: false,
      kvCacheTokens: 800,
      remember: 9,
      fault: { die_at_token: 6, times: 7 },
    });
  });

  it('are all in the help', () => {
    assert.equal(parseFlags(['--help']), null);
    const names = Object.keys(resolveOptions({ answerTokens: 1, maxWaiting: 1 }));
    for (const name of names) {
      const option = name === 'prefixCache' ? 'noPrefixCache' : name;
      const flag = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      assert.match(USAGE, new RegExp(`^  --${flag} `, 'm'));
    }
  });

  for (const [argv, message] of [
    [['--nope'], /--nope/],
    [['extra'], /extra/],
    [['--port', 'http'], /--port wants a whole number, not "http"/],
    [['--port', '70000'], /port/],
    [['--answer-tokens', '0'], /answerTokens/],
    [['--fault', 'explode'], /explode/],
    [['--ttft-ms', '0.5'], /--ttft-ms wants a whole number, not "0.5"/],
    [['--no-port'], /--no-port/],
  ] as const) {
    it(`refuses ${argv.join(' ')} and says why`, () => {
      assert.throws(() => resolveOptions(parseFlags(argv) ?? {}), { code: 'usage', message });
    });
  }
});
