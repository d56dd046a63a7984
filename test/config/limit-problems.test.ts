import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemsOf } from './problems-of.ts';

describe('a controller, a limit or a number of workers that cannot be', () => {
  const inService: readonly [string, RegExp][] = [
    ['source: a/b, controller: here', /controller: "here" is no http or https address \| .*21001/],
    [
      'source: a/b, controller: "http://a:b@c"',
      /controller: .* has a login, a query or a fragment/,
    ],
    ['source: a/b, controller: {}', /controller\.url: `url` is missing/],
    [
      'source: a/b, controller: { url: "http://a", worker_address: b }',
      /controller\.worker_address: "b" is no http or https address \| where FastChat/,
    ],
    [
      'source: a/b, controller: { url: "http://a", address: "http://b" }',
      /controller\.address: unknown key \| .*`worker_address`/,
    ],
    ['source: a/b, controllers: ["http://a"]', /controllers: unknown key \| .*`controller`/],
    ['source: a/b, concurrency: 1', /concurrency: unknown key \| did you mean `limits/],
    ['source: a/b, limits: 10', /limits: 10 where a mapping should be \| keys here: concurrency/],
    ['source: a/b, limits: { timeout: 1s }', /limits\.timeout: unknown key \| there are three/],
    ['source: a/b, limits: { concurrency: 0 }', /concurrency: 0 does not fit \| a whole number/],
    ['source: a/b, limits: { concurrency: many }', /concurrency: "many" does not fit/],
    ['source: a/b, limits: { queue_length: -1 }', /queue_length: -1 does not fit .* from 0 to/],
    ['source: a/b, limits: { queue_timeout: 0s }', /queue_timeout: "0s" is no duration/],
    ['source: a/b, limits: { idle_timeout: soon }', /idle_timeout: "soon" is no duration/],
    ['source: a/b, limits: { reader_timeout: 1.5s }', /reader_timeout: "1.5s" is no duration/],
    ['source: a/b, limits: { keep_alive: 0 }', /keep_alive: 0 is no duration/],
    ['source: a/b, limits: { frame_wait_ms: 1001 }', /frame_wait_ms/],
    ['source: a/b, limits: { body_size: 16 XB }', /body_size: "16 XB" is not a size \| .*`256MB`/],
    ['source: a/b, limits: { body_size: 1GB }', /body_size: "1GB" is more than .* at most `256MB`/],
    [
      'source: a/b, workers: 0',
      /workers: 0 does not fit \| a whole number from 1 to 64, or `auto`/,
    ],
    ['source: a/b, workers: 65', /workers: 65 does not fit/],
    ['source: a/b, workers: many', /workers: "many" does not fit/],
    ['source: a/b, limits: { prompt_characters: 1MB }', /prompt_characters: "1MB" does not fit/],
  ];
  for (const [keys, pattern] of inService)
    it(`{ ${keys} } is refused`, () => {
      const problems = problemsOf(`services:\n  A: { ${keys} }\n`);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0]!, pattern);
    });

  const atTop: readonly [string, RegExp][] = [
    [
      'defaults: { controller: { url: "http://a", worker_address: "http://b" } }',
      /defaults\.controller\.worker_address: unknown key \| each service has its own/,
    ],
    ['defaults: { limits: { keep_alive: x } }', /defaults\.limits\.keep_alive/],
  ];
  for (const [line, pattern] of atTop)
    it(`${line} is refused`, () => {
      const problems = problemsOf(`${line}\nservices: { A: { engine: sim } }\n`);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0]!, pattern);
    });

  it('an address by which a controller would know two services is told', () => {
    const at = '{ url: "http://c", worker_address: "http://w" }';
    const text = `services:
  A: { engine: sim, controller: ${at} }
  B: { engine: sim, controller: ${at} }
  C: { engine: sim, controller: "http://c" }
  D: { engine: sim, controller: "http://c" }
`;
    assert.deepEqual(problemsOf(text), [
      '3:68 services.B.controller.worker_address: A is registered by the same address | ' +
        'each service has an address of its own, such as `http://10.0.0.8:8989/fastchat/my-model`',
    ]);
  });
});
