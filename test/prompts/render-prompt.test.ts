import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { renderPrompt } from '../../src/prompts/render-prompt.ts';
import { anyText } from './any-text.ts';
import { templates } from './shipped.ts';

const render = (name: string, system: string | null, ...turns: readonly string[]) =>
  renderPrompt(templates.get(name)!, {
    system,
    messages: turns.map((text, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', text })),
  });

const conversation = fc.record({
  system: fc.option(anyText),
  messages: fc.array(
    fc.record({ role: fc.constantFrom('user' as const, 'assistant' as const), text: anyText }),
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
    // How a style writes an opened turn, where it is not the label and a colon.
    const ends: Readonly<Record<string, string>> = {
      ADD_COLON_SPACE_SINGLE: ': ',
      NO_COLON_SINGLE: '',
      NO_COLON_TWO: '',
      ADD_NEW_LINE_SINGLE: '\n',
      LLAMA2: '',
      LLAMA3: '<|end_header_id|>\n\n',
      CHATGLM: '：',
      CHATML: '\n',
      DOLLY: ':\n',
      PHOENIX: ': <s>',
      ROBIN: ':\n',
      CHATGLM3: '',
      GEMMA: '\n',
    };
    // These write no label, another one by position, or another end by position.
    const others = ['YUAN2', 'LLAMA2_BY_POSITION', 'METAMATH'];
    const regular = template.filter(({ sep_style }) => !others.includes(sep_style));
    fc.assert(
      fc.property(regular, conversation, fc.boolean(), (chosen, said, allowControlTokens) => {
        const prompt = renderPrompt(chosen, said, { allowControlTokens });
        assert.ok(prompt.endsWith(chosen.roles[1] + (ends[chosen.sep_style] ?? ':')));
      }),
    );
  });

  it('keeps every text unchanged and in order, but for the styles that change or leave out some', () => {
    const changing = ['RWKV', 'LLAMA3', 'YUAN2', 'CLLM'];
    const verbatim = template.filter(({ sep_style }) => !changing.includes(sep_style));
    fc.assert(
      fc.property(verbatim, conversation, (chosen, said) => {
        const prompt = renderPrompt(chosen, said, { allowControlTokens: true });
        let from = 0;
        for (const part of said.messages.map((message) => message.text)) {
          const at = prompt.indexOf(part, from);
          assert.notEqual(at, -1);
          from = at + part.length;
        }
        const hasPlace = chosen.system_template !== '' && chosen.sep_style !== 'GEMMA';
        if (hasPlace && chosen.name !== 'deepseek-coder') {
          assert.ok(prompt.includes(said.system ?? ''));
        }
      }),
    );
  });

  it('adds to what was there before when a turn is added', () => {
    const dropping = ['YUAN2', 'CLLM'];
    const adding = template.filter(({ sep_style }) => !dropping.includes(sep_style));
    // The first turn of LLAMA2 has no tag, but the assistant's turn that opens an empty conversation has.
    const begun = conversation.filter(({ messages }) => messages.length > 0);
    fc.assert(
      fc.property(adding, begun, anyText, (chosen, said, answer) => {
        fc.pre(answer !== '');
        const messages = [...said.messages, { role: 'assistant' as const, text: answer }];
        const allow = { allowControlTokens: true };
        const before = renderPrompt(chosen, said, allow);
        assert.ok(renderPrompt(chosen, { ...said, messages }, allow).startsWith(before));
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

  it('tags it by position in the template of FastChat', () => {
    const messages = [
      { role: 'assistant', text: 'a' },
      { role: 'assistant', text: 'b' },
      { role: 'assistant', text: 'c' },
    ] as const;
    const prompt = renderPrompt(templates.get('fastchat/llama-2')!, { system: '', messages });
    assert.equal(prompt, '[INST] a [/INST] b </s><s>[INST] c [/INST]');
  });

  it('takes as spaces around a Llama 3 text what Python takes', () => {
    const spaces = '\t\u001c\u001f \u0085\u00a0\u2028\u3000\n';
    assert.ok(render('llama-3', '', `${spaces}a b${spaces}`).includes('\n\na b<|eot_id|>'));
    assert.ok(render('llama-3', '', '\ufeff a').includes('\n\n\ufeff a<|eot_id|>'));
    assert.ok(render('llama-3', '', spaces).includes('\n\n<|eot_id|>'));
  });

  it('counts the rounds of ChatGLM from 0, and those of its second version from 1', () => {
    assert.equal(
      render('chatglm', '', 'a', 'b', 'c'),
      '[Round 0]\n问：a\n答：b\n[Round 1]\n问：c\n答：',
    );
    assert.equal(render('chatglm2', '', 'a'), '[Round 1]\n\n问：a\n\n答：');
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
