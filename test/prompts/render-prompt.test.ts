import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadTemplates } from '../../src/prompts/load-templates.ts';
import { renderPrompt } from '../../src/prompts/render-prompt.ts';

const templates = await loadTemplates(join(import.meta.dirname, '../../templates/conversations'));
const render = (name: string, system: string | null, ...turns: readonly string[]) =>
  renderPrompt(templates.get(name)!, {
    system,
    messages: turns.map((text, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', text })),
  });

// Any code units, lone surrogates too, mixed with what templates and JavaScript's own replacing treat specially.
const text = fc.oneof(
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
  fc
    .array(
      fc.constantFrom(
        '$&',
        '$1',
        '$$',
        '{system_message}',
        '{}',
        '{{',
        '%s',
        '\\n',
        '\r\n',
        '\n\n',
        '</s>',
        '[INST]',
        '###',
        ' ',
        '\ufeff',
        '\u0085',
        'a',
      ),
    )
    .map((parts) => parts.join('')),
);
const conversation = fc.record({
  system: fc.option(text),
  messages: fc.array(
    fc.record({ role: fc.constantFrom('user' as const, 'assistant' as const), text }),
  ),
});
const template = fc.constantFrom(...templates.values());

describe('rendering a prompt', () => {
  it('writes ChatML as SmolLM2 was trained on it', () => {
    assert.equal(
      render('smollm2', null, 'Hi', 'Hello.', 'What now?'),
      '<|im_start|>system\nYou are a helpful AI assistant.<|im_end|>\n' +
        '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n' +
        '<|im_start|>user\nWhat now?<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  it('never throws, and always ends with the assistant’s turn opened', () => {
    fc.assert(
      fc.property(template, conversation, (chosen, said) => {
        const prompt = renderPrompt(chosen, said);
        const open = { LLAMA2: '', DOLLY: ':\n', CHATML: '\n' }[chosen.sep_style as string] ?? ':';
        assert.ok(prompt.endsWith(chosen.roles[1] + open));
      }),
    );
  });

  it('keeps every text unchanged and in order, but for the style that joins lines', () => {
    const verbatim = template.filter(({ sep_style }) => sep_style !== 'RWKV');
    fc.assert(
      fc.property(verbatim, conversation, (chosen, said) => {
        const prompt = renderPrompt(chosen, said);
        let from = 0;
        for (const part of [said.system ?? '', ...said.messages.map((message) => message.text)]) {
          const at = prompt.indexOf(part, from);
          assert.notEqual(at, -1);
          from = at + part.length;
        }
      }),
    );
  });

  it('adds to what was there before when a turn is added', () => {
    fc.assert(
      fc.property(template, conversation, text, (chosen, said, answer) => {
        // The first turn of LLAMA2 has no tag, but the assistant's turn that opens an empty conversation has.
        fc.pre(answer !== '' && said.messages.length > 0);
        const messages = [...said.messages, { role: 'assistant' as const, text: answer }];
        const before = renderPrompt(chosen, said);
        assert.ok(renderPrompt(chosen, { ...said, messages }).startsWith(before));
      }),
    );
  });

  it('uses the default system message for null, and none for an empty text', () => {
    assert.match(
      render('vicuna_v1.1', null, 'a'),
      /^A chat between .* questions\. USER: a ASSISTANT:$/,
    );
    assert.equal(render('vicuna_v1.1', '', 'a'), ' USER: a ASSISTANT:');
    assert.equal(render('llama-2', null, 'a'), '[INST] a [/INST]');
    assert.equal(render('llama-2', 'S', 'a'), '[INST] <<SYS>>\nS\n<</SYS>>\n\na [/INST]');
    assert.equal(render('falcon-chat', '', 'a'), 'User: a\nFalcon:');
  });

  it('tags a Llama 2 turn by who spoke, and the first one never', () => {
    const messages = [
      { role: 'assistant', text: 'a' },
      { role: 'assistant', text: 'b' },
      { role: 'user', text: 'c' },
    ] as const;
    const prompt = renderPrompt(templates.get('llama-2')!, { system: '', messages });
    assert.equal(prompt, '[INST] a [/INST] b </s><s>[INST] c [/INST]');
  });

  it('opens a turn for an empty text, as the originals do', () => {
    assert.equal(render('vicuna_v1.1', '', 'a', '', 'b'), ' USER: a ASSISTANT:USER: b ASSISTANT:');
    assert.equal(render('falcon', '', ''), 'User:Assistant:');
  });

  it('joins lines of a falcon turn in one pass', () => {
    assert.equal(render('falcon', '', 'a\r\n\r\nb\n\n\nc'), 'User: a\nb\n\nc\n\nAssistant:');
  });

  it('leaves braces and dollar signs of a system message alone', () => {
    assert.equal(
      render('dolly_v2', "$& $' {system_message}", 'a').split('#')[0],
      "$& $' {system_message}",
    );
  });
});
