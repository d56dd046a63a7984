import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { readOwnTemplate } from '../../../src/prompts/chat/read-own-template.ts';
import { familyDirectory } from './families.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'llm-ops-template-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function put(name: string, content: unknown): Promise<void> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(join(directory, name), text);
}

describe("a model's own chat template", () => {
  it('is null where there is none', async () => {
    assert.equal(await readOwnTemplate(directory), null);
    assert.equal(await readOwnTemplate(join(directory, 'not-there')), null);
    await put('tokenizer_config.json', { bos_token: '<s>', chat_template: null });
    assert.equal(await readOwnTemplate(directory), null);
  });

  it('is the text in tokenizer_config.json', async () => {
    await put('tokenizer_config.json', { chat_template: 'T', bos_token: '<s>', eos_token: null });
    assert.deepEqual(await readOwnTemplate(directory), {
      source: 'T',
      toolSource: null,
      origin: 'tokenizer_config.json',
      bosToken: '<s>',
      eosToken: null,
      otherTokens: {},
      specialTokens: ['<s>'],
    });
  });

  it('is the file chat_template.jinja before that, and chat_template.json after', async () => {
    await put('chat_template.json', { chat_template: 'third' });
    assert.equal((await readOwnTemplate(directory))?.source, 'third');
    await put('tokenizer_config.json', { chat_template: 'second' });
    assert.equal((await readOwnTemplate(directory))?.source, 'second');
    await put('chat_template.jinja', 'first');
    const found = await readOwnTemplate(directory);
    assert.deepEqual([found?.source, found?.origin], ['first', 'chat_template.jinja']);
  });

  it('has another source for requests with tools, in a list or in a folder', async () => {
    const inList = await readOwnTemplate(familyDirectory('command-r'));
    assert.match(inList?.source ?? '', /Command-R, a brilliant/);
    assert.match(inList?.toolSource ?? '', /json_to_python_type/);

    await put('chat_template.jinja', 'plain');
    await mkdir(join(directory, 'additional_chat_templates'));
    await put('additional_chat_templates/tool_use.jinja', 'with tools');
    await put('additional_chat_templates/README.md', 'no template');
    const inFolder = await readOwnTemplate(directory);
    assert.deepEqual([inFolder?.source, inFolder?.toolSource], ['plain', 'with tools']);
  });

  it('takes tokens that are objects, from special_tokens_map.json too', async () => {
    const gptq = await readOwnTemplate(familyDirectory('llama-2-gptq'));
    assert.deepEqual(
      [gptq?.bosToken, gptq?.eosToken, gptq?.otherTokens],
      ['<s>', '</s>', { unk_token: '<unk>' }],
    );
    const zephyr = await readOwnTemplate(familyDirectory('zephyr'));
    assert.deepEqual(
      [zephyr?.bosToken, zephyr?.eosToken, zephyr?.otherTokens],
      ['<s>', '</s>', { unk_token: '<unk>', pad_token: '</s>' }],
    );
  });

  it('lists every token that is special', async () => {
    await put('tokenizer_config.json', {
      chat_template: 'T',
      eos_token: { content: '</s>' },
      additional_special_tokens: ['<a>', { content: '<b>' }],
      added_tokens_decoder: {
        '7': { content: '<c>', special: true },
        '8': { content: 'plain', special: false },
        '9': null,
      },
    });
    const found = await readOwnTemplate(directory);
    assert.deepEqual(found?.specialTokens, ['</s>', '<a>', '<b>', '<c>']);
  });

  it('is found through links, as in the cache of Hugging Face', async () => {
    await put('blob', { chat_template: 'linked' });
    await symlink('blob', join(directory, 'tokenizer_config.json'));
    assert.equal((await readOwnTemplate(directory))?.source, 'linked');
  });

  const broken: readonly (readonly [string, string, unknown, RegExp])[] = [
    [
      'broken JSON',
      'tokenizer_config.json',
      '{"chat_template": ',
      /tokenizer_config\.json is no JSON: /,
    ],
    ['JSON that is no object', 'tokenizer_config.json', [1], /is no JSON object/],
    ['a template that is a number', 'tokenizer_config.json', { chat_template: 3 }, /is no text/],
    ['a list of texts', 'tokenizer_config.json', { chat_template: ['T'] }, /is no text/],
    [
      'a template of 10 MB',
      'chat_template.jinja',
      'x'.repeat(10_000_000),
      /too large: 10000000 bytes/,
    ],
    [
      'one of 2 MB in JSON',
      'chat_template.json',
      { chat_template: 'x'.repeat(2e6) },
      /is too large/,
    ],
    ['a configuration of 10 MB', 'tokenizer_config.json', ' '.repeat(10_000_000), /too large/],
  ];
  for (const [what, file, content, message] of broken) {
    it(`is refused by its file's name: ${what}`, async () => {
      await put(file, content);
      await assert.rejects(readOwnTemplate(directory), { code: 'config_invalid', message });
    });
  }
});
