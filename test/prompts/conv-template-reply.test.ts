import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { convTemplateReply } from '../../src/prompts/conv-template-reply.ts';
import { templates } from './shipped.ts';

const replyFor = (name: string, dialect: 'llm-ops' | 'fastchat') =>
  convTemplateReply(templates.get(name)!, dialect);

describe('the reply to worker_conv_template', () => {
  it('is the one recorded from the llm-ops worker, in the same order of keys', () => {
    assert.equal(
      JSON.stringify(replyFor('llama-2', 'llm-ops')),
      JSON.stringify({
        conv: {
          name: 'llama-2',
          system_template: '[INST] <<SYS>>\n{system_message}\n<</SYS>>\n\n',
          system_message: '',
          roles: ['[INST]', '[/INST]'],
          messages: [],
          offset: 0,
          sep_style: 2,
          sep: ' ',
          sep2: ' </s><s>',
          stop_str: null,
          stop_token_ids: null,
        },
      }),
    );
  });

  it('has the two picture fields for FastChat alone', () => {
    const extra = ['system_message_vision', 'max_image_size_mb'];
    const ours = Object.keys(replyFor('falcon', 'llm-ops').conv);
    const fastchat = Object.keys(replyFor('falcon', 'fastchat').conv);
    assert.deepEqual([...ours, ...extra].sort(), fastchat.sort());
    assert.equal(replyFor('falcon', 'fastchat').conv.system_message_vision, '');
    assert.equal(replyFor('falcon', 'fastchat').conv.max_image_size_mb, null);
  });

  it('numbers each style as its reader does', () => {
    const names = ['dolly_v2', 'falcon', 'llama-2', 'fastchat/llama-2', 'one_shot', 'vicuna_v1.1'];
    const numbers = names.map((name) => [
      name,
      replyFor(name, 'llm-ops').conv.sep_style,
      replyFor(name, 'fastchat').conv.sep_style,
    ]);
    assert.deepEqual(numbers, [
      ['dolly_v2', 4, 12],
      ['falcon', 7, 13],
      ['llama-2', 2, 7],
      ['fastchat/llama-2', 2, 7],
      ['one_shot', 1, 1],
      ['vicuna_v1.1', 3, 2],
    ]);
  });

  it('gives llm-ops FastChat’s number of a style that it has not, unless it would read another style', () => {
    // Of these, llm-ops knows 3 to 6 as VICUNA, DOLLY, MISTRAL and FALCON_CHAT.
    const names = ['billa', 'raw', 'cutegpt', 'tulu', 'smollm2', 'gemma'];
    const numbers = names.map((name) => replyFor(name, 'llm-ops').conv.sep_style);
    assert.deepEqual(numbers, [103, 104, 105, 106, 10, 21]);
  });

  it('tells where the conversation begins after few-shot turns', () => {
    const { conv } = replyFor('one_shot', 'llm-ops');
    assert.equal(conv.offset, 2);
    assert.equal(conv.messages.length, 2);
    assert.equal(conv.messages[0]?.[0], 'Human');
  });
});
