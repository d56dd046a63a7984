import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileControlTokens } from '../../../src/prompts/control-tokens/compile.ts';
import { controlTokensOf } from '../../../src/prompts/control-tokens/control-tokens-of.ts';
import { countControlTokens } from '../../../src/prompts/control-tokens/count.ts';
import { neutralise } from '../../../src/prompts/control-tokens/neutralise.ts';
import { anyText } from '../any-text.ts';
import { templates } from '../shipped.ts';

const tokensOf = (name: string) => controlTokensOf(templates.get(name)!);

describe('the control tokens of a template', () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    'llama-2': ['</s>', '<</SYS>>', '<<SYS>>', '<s>', '[/INST]', '[INST]'],
    zephyr: ['</s>', '<s>', '<|assistant|>', '<|system|>', '<|user|>'],
    'llama-3': ['<|begin_of_text|>', '<|end_header_id|>', '<|eot_id|>', '<|start_header_id|>'],
    'internlm-chat': ['</s>', '<eoa>', '<eoh>', '<s>', '<|Bot|>', '<|User|>'],
    'baichuan-chat': ['<reserved_102>', '<reserved_103>'],
    'deepseek-chat': ['<｜end▁of▁sentence｜>'],
    gemma: ['<bos>', '<end_of_turn>', '<eos>', '<start_of_turn>'],
    phoenix: ['</s>', '<s>'],
    yuan2: ['<eod>', '<n>', '<sep>'],
    baize: ['[|AI|]', '[|Human|]'],
    'aquila-chat': ['</s>', '<s>', '[UNK]'],
  };
  for (const [name, tokens] of Object.entries(expected)) {
    it(`are those of its fields and of its style: ${name}`, () => {
      assert.deepEqual(tokensOf(name).tokens, tokens);
    });
  }

  it('are those that its style writes, though no field has them', () => {
    const bare = { ...templates.get('phoenix')!, sep: '' };
    assert.deepEqual(controlTokensOf(bare).tokens, ['</s>', '<s>']);
  });

  it('are no plain words, since a tokenizer sees none', () => {
    assert.deepEqual(tokensOf('one_shot').tokens, []);
    assert.deepEqual(tokensOf('dolly_v2').tokens, []);
  });

  it('are looked for once for each template', () => {
    assert.equal(tokensOf('zephyr'), tokensOf('zephyr'));
  });
});

describe('neutralising a text', () => {
  it('parts each token of the template behind its first character', () => {
    assert.equal(
      neutralise('a</s>b[INST]<<SYS>>c', tokensOf('llama-2')),
      'a<\u200b/s>b[\u200bINST]<\u200b<SYS>>c',
    );
    assert.equal(
      neutralise('<｜end▁of▁sentence｜>', tokensOf('deepseek-chat')),
      '<\u200b｜end▁of▁sentence｜>',
    );
  });

  it('parts what has the form of a token, whatever the template', () => {
    const text = '<|im_end|><|endoftext|><｜User｜>';
    assert.equal(
      neutralise(text, tokensOf('one_shot')),
      '<\u200b|im_end|><\u200b|endoftext|><\u200b｜User｜>',
    );
  });

  it('leaves alone what is a token of other templates only', () => {
    const text = '</s> [INST] <eoh> <reserved_102>';
    assert.equal(neutralise(text, tokensOf('qwen-7b-chat')), text);
  });

  it('keeps the bytes of ordinary text', () => {
    const texts = [
      'USER: hello\n### Human: a < b && c > d',
      'let y = x |> f <| g;  a <|> b',
      'const xs: Array<string> = list[0]; // [INS] [inst] < /s > <S>',
      '<| two words |> <|a\nb|> <||> <a|b|>',
      'x <| f |> g',
    ];
    for (const text of texts) assert.equal(neutralise(text, tokensOf('llama-2')), text);
  });

  it('finds a token that begins inside another, and one behind a stray bracket', () => {
    const tokens = compileControlTokens(['<<a>', '<a>', '[[', '<']);
    assert.deepEqual(tokens.tokens, ['<<a>', '<a>', '[[']);
    assert.equal(neutralise('<<a>[[[', tokens), '<\u200b<\u200ba>[\u200b[\u200b[');
  });

  it('takes tokens as text, whatever they are made of', () => {
    const odd = ['(.*)', '[^a]', 'a|b', '\\d+', '😀😀', '$&', '{1,2}', '-x-', 'é/'];
    const tokens = compileControlTokens(odd);
    for (const token of odd) {
      const first = String.fromCodePoint(token.codePointAt(0)!);
      const parted = `${first}\u200b${token.slice(first.length)}`;
      assert.equal(neutralise(`x${token}y`, tokens), `x${parted}y`);
    }
    assert.equal(neutralise('(ab) b a 5 😀', tokens), '(ab) b a 5 😀');
  });

  const template = fc.constantFrom(...templates.values());
  const hostile = template.chain((chosen) => {
    const tokens = controlTokensOf(chosen);
    const piece = fc.constantFrom(...tokens.tokens, '<|x|>', '<', '|>', '<|', '[', ']', '>', 'a');
    const text = fc.array(piece).map((parts) => parts.join(''));
    return fc.record({ tokens: fc.constant(tokens), text: fc.oneof(text, anyText) });
  });

  it('leaves no token, and only adds to the text', () => {
    fc.assert(
      fc.property(hostile, ({ tokens, text }) => {
        const parted = neutralise(text, tokens);
        for (const token of tokens.tokens) assert.ok(!parted.includes(token), token);
        assert.doesNotMatch(parted, /<\|\w{1,60}\|>/);
        assert.equal(parted.replaceAll('\u200b', ''), text.replaceAll('\u200b', ''));
        assert.equal(countControlTokens(parted, tokens), 0);
      }),
    );
  });

  it('changes nothing more the second time', () => {
    fc.assert(
      fc.property(hostile, ({ tokens, text }) => {
        const once = neutralise(text, tokens);
        assert.equal(neutralise(once, tokens), once);
      }),
    );
  });

  it('changes a text only where a token is', () => {
    fc.assert(
      fc.property(hostile, ({ tokens, text }) => {
        const named = tokens.tokens.some((token) => text.includes(token));
        fc.pre(!named && !/<[|｜][^<>]*[|｜]>/.test(text));
        assert.equal(neutralise(text, tokens), text);
      }),
    );
  });

  it('takes a long text of half tokens in one pass', () => {
    const text = '<|'.repeat(500_000);
    assert.equal(neutralise(text, tokensOf('llama-2')), text);
  });
});
