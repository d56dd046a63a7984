import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRow } from '../../src/prompts/check-rows.ts';
import type { Dialect } from '../../src/prompts/styles/style.ts';
import { linesOf, templates } from './shipped.ts';

const check = (row: unknown, dialect: Dialect = 'llm-ops') =>
  checkRow(typeof row === 'string' ? row : JSON.stringify(row), { dialect, templates });
const row = {
  template: 'vicuna_v1.1',
  system_message: 'S',
  messages: [{ role: 'user', text: 'Hi</s>' }],
  prompt: 'S USER: Hi</s> ASSISTANT:',
};

describe('checking rows of rendered prompts', () => {
  for (const [dialect, file, rows] of [
    ['fastchat', 'prompts-fastchat.jsonl', 1159],
    ['llm-ops', 'prompts-llmops.jsonl', 93],
  ] as const) {
    it(`finds all rows of ${dialect} equal, and none after any change of a byte`, () => {
      const lines = linesOf(file);
      assert.equal(lines.length, rows);
      for (const [at, line] of lines.entries()) {
        assert.equal(check(line, dialect).outcome, 'equal', line);
        const changed = JSON.parse(line) as { prompt: string };
        const place = at % Math.max(1, changed.prompt.length);
        const other = changed.prompt.charAt(place) === 'x' ? 'y' : 'x';
        changed.prompt = changed.prompt.slice(0, place) + other + changed.prompt.slice(place + 1);
        const result = check(changed, dialect);
        assert.ok(result.outcome === 'different', line);
        const [difference] = result.differences;
        assert.ok(difference?.field === 'prompt' && difference.offset === place, line);
      }
    });
  }

  it('takes a system message among the messages, the last one, and content for text', () => {
    const messages = [
      { role: 'system', content: 'not this' },
      { role: 'user', content: 'Hi</s>' },
      { role: 'system', content: 'S' },
    ];
    assert.equal(check({ ...row, system_message: 'nor this', messages }).outcome, 'equal');
  });

  it('takes the other names of roles, and a text that is missing as a turn to open', () => {
    const messages = [
      { role: 'human', text: 'Hi</s>' },
      { role: 'ai' },
      { role: 'ai', text: null },
    ];
    const prompt = 'S USER: Hi</s> ASSISTANT:ASSISTANT:ASSISTANT:';
    assert.equal(check({ ...row, messages, prompt }).outcome, 'equal');
  });

  it('uses the default system message where the row has none', () => {
    const rest = { ...row, system_message: undefined };
    const prompt = `${templates.get('vicuna_v1.1')!.system_message} USER: Hi</s> ASSISTANT:`;
    assert.equal(check({ ...rest, prompt }).outcome, 'equal');
    assert.equal(check({ ...rest, system_message: null, prompt }).outcome, 'equal');
  });

  it('compares stops where the row has them', () => {
    const zephyr = {
      ...row,
      template: 'zephyr',
      messages: [],
      prompt: '<|system|>\nS</s>\n<|assistant|>\n',
    };
    assert.equal(check({ ...zephyr, stop_str: '</s>', stop_token_ids: [2] }).outcome, 'equal');
    assert.deepEqual(check({ ...zephyr, stop_str: null, stop_token_ids: [3] }), {
      template: 'zephyr',
      case: null,
      outcome: 'different',
      differences: [
        { field: 'stop_str', expected: 'null', actual: '"</s>"' },
        { field: 'stop_token_ids', expected: '[3]', actual: '[2]' },
      ],
    });
  });

  it('shows the first difference with its place, and what one cannot see', () => {
    const text = `one\ntwo\u200b\u00a0😀 and so on, ${'much '.repeat(20)}`;
    const prompt = `S USER: ${text.replace('\u200b', '')} ASSISTANT:`;
    const result = check({ ...row, case: 'c', messages: [{ role: 'user', text }], prompt });
    assert.ok(result.outcome === 'different');
    const [difference] = result.differences;
    assert.ok(difference?.field === 'prompt');
    assert.deepEqual([difference.offset, difference.line, difference.column], [15, 2, 4]);
    assert.match(difference.expected, /^"S USER: one\\ntwo\\u00a0😀 and so on, much [a-z ]+"…$/);
    assert.match(
      difference.actual,
      /^"S USER: one\\ntwo\\u200b\\u00a0😀 and so on, much [a-z ]+"…$/,
    );
    assert.equal(result.case, 'c');
  });

  it('shows the end where one text only goes on', () => {
    const result = check({ ...row, prompt: 'S USER: Hi</s> ' });
    assert.ok(result.outcome === 'different' && result.differences[0]?.field === 'prompt');
    assert.equal(result.differences[0].expected, '"S USER: Hi</s> "');
    assert.equal(result.differences[0].actual, '"S USER: Hi</s> ASSISTANT:"');
  });

  const unreadable: Readonly<Record<string, readonly [row: unknown, reason: RegExp]>> = {
    'no JSON': ['{', /^not JSON: /],
    'no object': ['[]', /object/],
    'no messages': [{ ...row, messages: undefined }, /^messages: /],
    'an unknown role': [{ ...row, messages: [{ role: 'tool', text: '' }] }, /^messages\.0\.role: /],
    'a text that is none': [
      { ...row, messages: [{ role: 'user', text: 1 }] },
      /^messages\.0\.text: /,
    ],
    'no prompt': [{ ...row, prompt: undefined }, /^prompt: is missing/],
    'a template that is not here': [
      { ...row, template: 'x"y' },
      /^there is no template "x\\"y" here$/,
    ],
  };
  for (const [what, [broken, reason]] of Object.entries(unreadable)) {
    it(`says what is wrong with a row: ${what}`, () => {
      const result = check(broken);
      assert.ok(result.outcome === 'unreadable');
      assert.match(result.reason, reason);
    });
  }

  it('counts a row as equal where neither the original nor we can render', () => {
    const failed = { ...row, template: 'yandexgpt', prompt: null, error: 'Invalid style: None' };
    assert.equal(check(failed, 'fastchat').outcome, 'equal');
    assert.equal(check({ ...failed, template: 'zephyr' }, 'fastchat').outcome, 'different');
  });

  it('takes each project’s names: the two write a template of one name differently', () => {
    const messages = [{ role: 'user', text: 'a' }];
    const ours = { ...row, template: 'mistral', messages, prompt: '[INST]S\na [/INST]' };
    assert.equal(check(ours).outcome, 'equal');
    assert.equal(check(ours, 'fastchat').outcome, 'different');
    const theirs = { ...ours, prompt: '[INST] S\na [/INST]' };
    assert.equal(check(theirs).outcome, 'different');
    assert.equal(check(theirs, 'fastchat').outcome, 'equal');
  });
});
