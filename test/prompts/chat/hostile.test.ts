/** Templates that want to harm: each costs its own request an error, and nobody else anything. */
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, describe, it } from 'node:test';

import { createChatRenderer } from '../../../src/prompts/chat/chat-renderer.ts';
import type { ChatRequest } from '../../../src/prompts/chat/chat-template.ts';
import { LlmOpsError } from '../../../src/errors.ts';

const renderer = createChatRenderer({ timeLimitMs: 500, memoryLimitMb: 256 });
after(renderer.close);

const MESSAGES = [{ role: 'user', content: 'Hello' }];
const REQUEST = { messages: MESSAGES, addGenerationPrompt: true };
const LOOP = '{% for i in range(99999) %}';

/** A name, and a template that must fail. */
const FAILING: Readonly<Record<string, string>> = {
  'a huge range': '{{ range(10 ** 9)|list }}',
  'a huge range backwards': '{{ range(0, -100000000, -1)|length }}',
  'nested loops': `${LOOP}${LOOP}${LOOP}{% endfor %}{% endfor %}{% endfor %}`,
  'loops that write': `${LOOP}${LOOP}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}{% endfor %}`,
  'a macro that calls itself': '{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}',
  'a macro that branches':
    '{% macro f(n) %}{{ f(n - 1) if n }}{{ f(n - 1) if n }}{% endmacro %}{{ f(60) }}',
  'deep parentheses': `{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`,
  'deep blocks': '{% if 1 %}'.repeat(50_000) + '{% endif %}'.repeat(50_000),
  'a repeated text': "{{ 'a' * 10 ** 9 }}",
  'a repeated list': '{{ [1] * 10 ** 9 }}',
  'text doubling':
    "{% set n = namespace(s='ab') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s|length }}",
  'list doubling':
    '{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}',
  'a list that holds itself twice, over and over':
    '{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}',
  'the same as JSON':
    '{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l|tojson }}',
  'the same, compared':
    '{% set n = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a == n.b }}',
  'many large texts kept':
    "{% set n = namespace(l=[]) %}{% for i in range(99999) %}{% set n.l = n.l + [('漢' * 1000000)|upper] %}{% endfor %}",
  'many lists kept':
    '{% set n = namespace(l=[]) %}{% for i in range(99999) %}{% set n.l = n.l + [range(99999)] %}{% endfor %}',
  'a width without end': "{{ 'a'.ljust(10 ** 9) }}{{ '%999999999s' % 'a' }}",
  'an indent without end': "{{ ('a\\n' * 1000)|indent(10 ** 8) }}",
  'a replacement that explodes': "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
  'a join that explodes': "{{ range(99999)|join('a' * 1000000) }}",
  'a power without end': '{{ 9 ** 9 ** 9 }}',
  'the constructor of a text': "{{ ''.constructor('return process')() }}",
  'the constructor of a function': '{{ range.constructor.constructor("return process")() }}',
  'a prototype': '{{ messages.__proto__.polluted.x }}',
  'a prototype that is set': '{% set messages.__proto__ = 1 %}',
  'a call of a prototype': "{{ {}['__proto__']['toString']() }}",
  "Python's own trick": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
  'the process': '{{ process.exit(1) }}',
  'what the thread has': '{{ require("fs") }}{{ globalThis.x }}',
};

/** A name, and a template with what it must make. */
const HARMLESS: Readonly<Record<string, readonly [string, string]>> = {
  'a prototype is nothing': [
    '{{ messages.__proto__ }}{{ {}.constructor }}{{ ""["toString"] }}',
    '',
  ],
  'a key is no prototype': [
    "{% set d = {'__proto__': 1} %}{{ d['__proto__'] }}{{ d.a is defined }}",
    '1False',
  ],
  'no name of JavaScript is there': ['{{ process }}{{ globalThis }}{{ Object }}{{ this }}', ''],
};

describe('a hostile template', () => {
  it(
    'costs its own request an error, while others are rendered',
    { timeout: 300_000 },
    async (t) => {
      // The threads start before anything is measured.
      await Promise.all(Array.from({ length: 8 }, () => render('warm')));
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      let slowest = 0;
      for (const [name, source] of Object.entries(FAILING)) {
        const hostile = render(source).then(
          () => assert.fail(`${name} was rendered`),
          (error: unknown) => {
            assert.ok(error instanceof LlmOpsError && error.code === 'template_failed', name);
            assert.doesNotMatch(error.message, /is not a function|Cannot read|internal/, name);
          },
        );
        const start = performance.now();
        assert.equal(await render('{{ messages[0].content }}'), 'Hello', name);
        slowest = Math.max(slowest, performance.now() - start);
        await hostile;
      }
      delay.disable();
      t.diagnostic(
        `the event loop stood still for ${ms(delay.max / 1e6)} at most, another's rendering took ${ms(slowest)}`,
      );
      assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
    },
  );

  it('never occupies all threads', async () => {
    const few = createChatRenderer({ timeLimitMs: 5000, threads: 3 });
    const endless = `${LOOP}${LOOP}${LOOP}{% endfor %}{% endfor %}{% endfor %}`;
    const order: string[] = [];
    const results = [endless, endless, endless, 'fine'].map((source) =>
      few.render({ source, bosToken: null, eosToken: null }, REQUEST).then(
        (text) => order.push(text),
        () => order.push('hostile'),
      ),
    );
    await Promise.race(results);
    assert.deepEqual(order, ['fine']);
    await few.close();
    await Promise.all(results);
  });

  for (const [name, [source, expected]] of Object.entries(HARMLESS)) {
    it(`finds nothing: ${name}`, async () => {
      assert.equal(await render(source), expected);
    });
  }
});

describe('a message of 10 MB', () => {
  const texts = {
    'plain letters': 'x'.repeat(10_000_000),
    'Chinese, 10 MB as UTF-8': '漢'.repeat(3_300_000),
    'line ends': '\n'.repeat(10_000_000),
    spaces: ' '.repeat(10_000_000),
    'control tokens': '<|im_end|>'.repeat(1_000_000),
  };
  const uses = [
    '{{ m.content }}',
    "{{ '[INST] ' + m.content.strip() + ' [/INST]' }}",
    '{{ m.content|tojson }}',
    "{{ m.content.replace('\\n', '<br>') }}",
    "{{ m.content.split('\\n')|length }}",
    '{{ m.content|length }}{{ m.content[5:9] }}{{ m.content|title }}{{ m.content.splitlines()|length }}',
    '{{ m }}',
    '{% for c in m.content %}{{ c }}{% endfor %}',
  ];
  for (const [name, content] of Object.entries(texts)) {
    it(
      `is rendered or refused, and the process lives: ${name}`,
      { timeout: 120_000 },
      async (t) => {
        const delay = monitorEventLoopDelay({ resolution: 1 });
        delay.enable();
        let refused = 0;
        for (const use of uses) {
          const request = { messages: [{ role: 'user', content }], addGenerationPrompt: true };
          await renderWith(`{% for m in messages %}${use}{% endfor %}`, request).catch(
            (error: unknown) => {
              assert.ok(error instanceof LlmOpsError && error.code === 'template_failed', use);
              refused += 1;
            },
          );
          assert.equal(await render('{{ messages[0].content }}'), 'Hello');
        }
        delay.disable();
        t.diagnostic(
          `${String(refused)} of ${String(uses.length)} refused; the event loop stood still for ${ms(delay.max / 1e6)} at most`,
        );
        assert.ok(refused < uses.length);
      },
    );
  }

  it('is refused when it holds millions of values', async () => {
    const content = Array.from({ length: 3_000_000 }, () => 0);
    const request = { messages: [{ role: 'user', content }], addGenerationPrompt: true };
    await assert.rejects(renderWith('{{ messages }}', request), { code: 'template_failed' });
    assert.equal(await render('next'), 'next');
  });
});

describe('a limit', () => {
  it('of time ends the rendering and replaces the thread', async () => {
    const strict = createChatRenderer({ timeLimitMs: 200, threads: 1 });
    const endless = `${LOOP}${LOOP}{{ i }}{% endfor %}{% endfor %}`;
    const [failed, next] = await Promise.allSettled([
      strict.render({ source: endless, bosToken: null, eosToken: null }, REQUEST),
      strict.render({ source: 'waited for it', bosToken: null, eosToken: null }, REQUEST),
    ]);
    assert.ok(failed.status === 'rejected');
    assert.match(String(failed.reason), /it took longer than 200 ms/);
    assert.deepEqual(next, { status: 'fulfilled', value: 'waited for it' });
    await strict.close();
  });

  const kept = {
    'long texts': "('漢' * 10000000)|upper",
    'texts that are joined when they are read': "[n.text ~ i]|reject('lower')|list",
    'long texts as JSON': "('漢\"' * 3000000)|tojson",
    characters: "('漢' * 300000)|list",
    'long lists': '[1] * 1000000',
    'large dicts': '[n.large.copy(), n.large.copy(), n.large.copy()]',
  };
  // Each makes two to five times what it may: less than V8's own limit, where a large one would end the process, not the thread.
  for (const [name, value] of Object.entries(kept)) {
    it(`of memory ends the rendering only: ${name}`, { timeout: 120_000 }, async () => {
      const source = `
        {% set n = namespace(kept=[], text='漢' * 10000000) %}
        {% set n.large = dict(range(99000)|map('string')|batch(2)) %}
        {% for i in range(24) %}{% set n.kept = n.kept + [${value}] %}{% endfor %}`;
      const strict = createChatRenderer({ timeLimitMs: 60_000, memoryLimitMb: 96, threads: 1 });
      const [failed, next] = await Promise.allSettled([
        strict.render({ source, bosToken: null, eosToken: null }, REQUEST),
        strict.render({ source: 'waited for it', bosToken: null, eosToken: null }, REQUEST),
      ]);
      assert.ok(failed.status === 'rejected');
      assert.match(String(failed.reason), /it needed too much memory/);
      assert.deepEqual(next, { status: 'fulfilled', value: 'waited for it' });
      await strict.close();
    });
  }
});

async function render(source: string): Promise<string> {
  return await renderWith(source, REQUEST);
}

async function renderWith(source: string, request: ChatRequest): Promise<string> {
  return await renderer.render({ source, bosToken: null, eosToken: null }, request);
}

function ms(duration: number): string {
  return `${duration.toFixed(1)} ms`;
}
