import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createChatTemplate } from '../../../src/engine-server/llama/chat-template.ts';

const TURNS =
  "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{{ eos_token }}{% endfor %}" +
  '{% if add_generation_prompt %}[assistant]{% endif %}';
const TRIMMING = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] | trim }};{% endfor %}";

const template = (source: unknown, tokens: { begin?: string; end?: string } = {}) =>
  createChatTemplate({ source, beginToken: tokens.begin ?? null, endToken: tokens.end ?? null });
const ASK = [{ role: 'user', content: 'Hi' }];
const GO_ON = [...ASK, { role: 'assistant', content: 'One, ' }];
const open = { addGenerationPrompt: true, continueFinalMessage: false };
const closed = { addGenerationPrompt: false, continueFinalMessage: false };
const goOn = { addGenerationPrompt: false, continueFinalMessage: true };

describe('a model’s chat template', () => {
  it('is rendered with the model’s special tokens, with the opening of the answer or without', () => {
    const render = template(TURNS, { begin: '<s>', end: '</s>' });
    assert.equal(render(ASK, open), '<s>[user]Hi</s>[assistant]');
    assert.equal(render(ASK, closed), '<s>[user]Hi</s>');
  });

  it('finds a token that the model lacks undefined, and no tools', () => {
    const source =
      '{% if bos_token is defined %}begin{% endif %}{% if tools %}tools{% endif %}{{ messages | length }}';
    assert.equal(template(source)(ASK, open), '1');
  });

  it('leaves the last message open where the answer is to go on with it', () => {
    const render = template(TURNS, { begin: '<s>', end: '</s>' });
    assert.equal(render(GO_ON, goOn), '<s>[user]Hi</s>[assistant]One, ');
  });

  it('loses the last message’s own spaces where the template trims', () => {
    assert.equal(template(TRIMMING)(GO_ON, goOn), '[user]Hi;[assistant]One,');
  });

  it('refuses to go on with a message that it leaves out', () => {
    const onlyFirst = "{{ messages[0]['content'] }}";
    assert.throws(() => template(onlyFirst)(GO_ON, goOn), {
      code: 'param_out_of_range',
      message: /leaves the final message out/,
    });
  });

  it('may refuse the messages, with its own words', () => {
    const source = "{{ raise_exception('Roles must alternate') }}";
    assert.throws(() => template(source)(ASK, open), {
      code: 'param_out_of_range',
      param: 'messages',
      message: /Roles must alternate/,
    });
  });

  it('refuses to be none, or none that can be read, only when it is asked', () => {
    for (const [source, message] of [
      [undefined, 'This model has no chat template.'],
      ['{% for %}', /refuses these messages/],
    ] as const) {
      const render = template(source);
      assert.throws(() => render(ASK, open), { code: 'param_out_of_range', message });
    }
  });
});
