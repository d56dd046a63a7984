import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { describe, it } from 'node:test';

import { CommanderError } from 'commander';

import {
  DEMO_REQUESTS,
  DOCUMENTED_REQUESTS,
  generateCurl,
  streamCurl,
} from '../../src/cli/output/curl-requests.ts';
import { toExitStatus } from '../../src/cli/exit-code.ts';
import { parseCount, parseDurationMs, parsePort } from '../../src/cli/parse-options.ts';
import { printError } from '../../src/cli/output/print-error.ts';
import { LlmOpsError } from '../../src/errors.ts';
import { plainDoor } from '../control/plans.ts';
import { fakeContext } from './fake-context.ts';

function printed(error: unknown, style = { isJson: false, isVerbose: false }): readonly string[] {
  const { terminal, notes, data } = fakeContext();
  printError(terminal, error, style);
  assert.deepEqual(data, []);
  return notes;
}

describe('toExitStatus', () => {
  it('bad usage and bad configuration are 2, failures 1', () => {
    const statuses = [
      'usage',
      'config_invalid',
      'gpu_shortage',
      'file_exists',
      'docker_unavailable',
    ] as const;

    assert.deepEqual(
      statuses.map((code) => toExitStatus(new LlmOpsError(code, ''))),
      [2, 2, 2, 1, 1],
    );
    assert.equal(toExitStatus(new TypeError('x')), 1);
  });

  it('help and version are fine, other words of commander are bad usage', () => {
    assert.equal(toExitStatus(new CommanderError(0, 'commander.version', '')), 0);
    assert.equal(toExitStatus(new CommanderError(1, 'commander.unknownOption', '')), 2);
  });
});

describe('printError', () => {
  it('is the message, then what to do', () => {
    const error = new LlmOpsError('port_in_use', 'port 80 is in use', { hint: 'Use --port.' });

    assert.deepEqual(printed(error), ['error: port 80 is in use', 'Use --port.']);
  });

  it('what the file system refuses is told with its place, in words', async () => {
    const place = '/proc/self/no-such-directory/x.yml';
    const error: unknown = await copyFile(import.meta.filename, place).catch((e: unknown) => e);

    assert.deepEqual(printed(error), [
      `error: ${place} cannot be used: there is no such file or directory`,
      'Look at the owner and the rights of that place, or choose another one.',
    ]);
  });

  it('several problems get a heading and a line each', () => {
    const error = new LlmOpsError('config_invalid', 'a.yml:1:1: x\na.yml:2:1: y', {
      details: { problems: [{}, {}] },
    });

    assert.deepEqual(printed(error), [
      'error: the configuration has 2 problems:',
      'a.yml:1:1: x',
      'a.yml:2:1: y',
    ]);
  });

  it('as JSON it is one line with all facts', () => {
    const error = new LlmOpsError('gpu_shortage', 'two are missing', { details: { missing: 2 } });
    const [line = '', ...more] = printed(error, { isJson: true, isVerbose: false });

    assert.deepEqual(more, []);
    assert.deepEqual(JSON.parse(line), {
      error: {
        code: 'gpu_shortage',
        message: 'two are missing',
        hint: null,
        details: { missing: 2 },
      },
    });
  });

  it('an unforeseen error is one line, and with --verbose its place and cause', () => {
    const error = new TypeError('x is not a function', { cause: new Error('deeper') });

    assert.equal(printed(error)[0], 'error: x is not a function');
    const verbose = printed(error, { isJson: false, isVerbose: true }).join('\n');
    assert.match(verbose, /printing\.test\.ts/);
    assert.match(verbose, /caused by: Error: deeper/);
  });

  it('a suggestion of commander is the hint', () => {
    const error = new CommanderError(1, 'x', "error: unknown command 'upp'\n(Did you mean up?)");

    assert.deepEqual(printed(error), ["error: unknown command 'upp'", '(Did you mean up?)']);
  });
});

describe('curl requests', () => {
  const bodyOf = (command: string): unknown => JSON.parse(/-d '([^']*)'/s.exec(command)?.[1] ?? '');

  it('ask the service by its own name, for a conversation', () => {
    const command = generateCurl(plainDoor(8989), 'vicuna', DOCUMENTED_REQUESTS);

    assert.match(
      command,
      /^curl -X POST http:\/\/localhost:8989\/api\/vicuna\/worker_generate \\$/m,
    );
    const body = bodyOf(command) as {
      model_identifier: string;
      messages: unknown[];
      generation_mode: string;
    };
    assert.deepEqual(
      [body.model_identifier, body.messages.length, body.generation_mode],
      ['vicuna', 3, 'chat'],
    );
  });

  it('stream a completion without holding frames back', () => {
    const command = streamCurl(plainDoor(8989), 'vicuna', DOCUMENTED_REQUESTS);

    assert.match(command, /^curl -N -X POST .*worker_generate_stream \\$/m);
    assert.equal((bodyOf(command) as { generation_mode: string }).generation_mode, 'completion');
  });

  it('accept a self-signed certificate, and lead a name to this machine', () => {
    const door = { ...plainDoor(8443), selfSigned: true, needsResolve: true, host: 'llm.test' };

    assert.match(
      generateCurl(door, 'a', DEMO_REQUESTS),
      /^curl -k --resolve llm\.test:8443:127\.0\.0\.1 -X POST /,
    );
  });
});

describe('option values', () => {
  it('durations have a unit, or are seconds', () => {
    assert.deepEqual(
      ['90', '90s', '1.5m', '2h'].map(parseDurationMs),
      [90_000, 90_000, 90_000, 7_200_000],
    );
    for (const wrong of ['', 'soon', '-1s', '0', '99999h'])
      assert.throws(() => parseDurationMs(wrong), /duration/, wrong);
  });

  it('ports and counts are whole numbers in their range', () => {
    assert.deepEqual([parsePort('65535'), parseCount('0')], [65_535, 0]);
    for (const wrong of ['0', '65536', '80.5', 'http'])
      assert.throws(() => parsePort(wrong), /port/);
    for (const wrong of ['-1', '1e3', '']) assert.throws(() => parseCount(wrong), /whole number/);
  });
});
