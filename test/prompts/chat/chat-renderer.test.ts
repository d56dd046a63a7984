import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { createChatRenderer } from '../../../src/prompts/chat/chat-renderer.ts';
import type { ChatTemplate } from '../../../src/prompts/chat/chat-template.ts';
import { readOwnTemplate } from '../../../src/prompts/chat/read-own-template.ts';
import { familyDirectory } from './families.ts';

const renderer = createChatRenderer({ timeLimitMs: 30_000 });
after(renderer.close);

const HELLO = { messages: [{ role: 'user', content: 'Hello' }], addGenerationPrompt: true };

function template(source: string, more: Partial<ChatTemplate> = {}): ChatTemplate {
  return { source, bosToken: null, eosToken: null, ...more };
}

/** As in dstack's documentation of its model mapping, with the bytes that YAML makes of it. */
const DSTACK =
  "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ '<s>[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' </s>' }}{% endif %}{% endfor %}";

describe('a chat template', () => {
  it('of the dstack documentation renders as it stands there', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: ' Hi ' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Bye' },
    ];
    const expected =
      '<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n Hi [/INST] Hello. </s><s>[INST] Bye [/INST]';
    const request = { messages, addGenerationPrompt: true };
    assert.equal(await renderer.render(template(DSTACK), request), expected);

    const own = await readOwnTemplate(familyDirectory('llama-2-gptq'));
    assert.ok(own !== null && own.source.includes('bos_token'));
    assert.equal(await renderer.render(own, request), expected);
  });

  it('knows what transformers gives it, and nothing of a token that the model lacks', async () => {
    const source =
      '{{ bos_token }}|{{ eos_token is defined }}|{{ unk_token }}|{{ tools is none }}|{{ documents }}|{{ add_generation_prompt }}|{{ extra }}';
    const text = await renderer.render(
      template(source, { bosToken: '<s>', otherTokens: { unk_token: '<unk>' } }),
      { ...HELLO, documents: [{ text: 'd' }], variables: { extra: 1 } },
    );
    assert.equal(text, "<s>|False|<unk>|True|[{'text': 'd'}]|True|1");
  });

  it('is the one for tools when there are tools', async () => {
    const both = template('plain', { toolSource: 'tools: {{ tools|length }}' });
    assert.equal(await renderer.render(both, HELLO), 'plain');
    assert.equal(await renderer.render(both, { ...HELLO, tools: [{}, {}] }), 'tools: 2');
    assert.equal(await renderer.render(template('one'), { ...HELLO, tools: [{}] }), 'one');
  });

  it('gets messages whole, with whatever the client put into them', async () => {
    const message: unknown = JSON.parse(
      '{"role":"user","content":[{"type":"text"}],"__proto__":{"a":1},"x":null}',
    );
    assert.equal(
      await renderer.render(template('{{ messages[0]|tojson }}'), {
        messages: [message],
        addGenerationPrompt: false,
      }),
      '{"role": "user", "content": [{"type": "text"}], "__proto__": {"a": 1}, "x": null}',
    );
  });

  it('says in its own words why it refuses', async () => {
    const raises = template("{{ raise_exception('Only user: ' ~ messages[0].role) }}");
    await assert.rejects(renderer.render(raises, HELLO), {
      code: 'template_failed',
      message: 'the chat template failed: Only user: user',
      param: 'messages',
    });
  });

  for (const source of [
    '{% if x %}',
    '{{ ',
    '{% nonsense %}',
    "{{ 'a' }",
    '{% endfor %}',
    '{{ 1 + }}',
  ]) {
    it(`is refused when it is no Jinja: ${source}`, async () => {
      await assert.rejects(renderer.render(template(source), HELLO), {
        code: 'template_failed',
        message: /it is no Jinja that we can read: (?!.*undefined)/,
      });
    });
  }

  it('is refused when it is larger than any', async () => {
    await assert.rejects(renderer.render(template('x'.repeat(10_000_000)), HELLO), {
      code: 'template_failed',
      message: /too large/,
    });
  });
});

describe('a renderer', () => {
  it('renders many at once, each with its own answer', async () => {
    const texts = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        renderer.render(template('{{ messages[0].content }}!'), {
          messages: [{ role: 'user', content: String(at) }],
          addGenerationPrompt: true,
        }),
      ),
    );
    assert.deepEqual(
      texts,
      Array.from({ length: 200 }, (_, at) => `${String(at)}!`),
    );
  });

  it('lets go of a request whose client has left', async () => {
    const gone = new AbortController();
    const reason = new Error('the client left');
    const waiting = renderer.render(template('never mind'), HELLO, gone.signal);
    gone.abort(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(renderer.render(template('x'), HELLO, gone.signal), reason);
    assert.equal(await renderer.render(template('next'), HELLO), 'next');
  });

  it('refuses what is no JSON, and goes on', async () => {
    const request = { messages: [() => 1], addGenerationPrompt: true };
    await assert.rejects(renderer.render(template('x'), request), { code: 'invalid_request' });
    assert.equal(await renderer.render(template('next'), HELLO), 'next');
  });

  it('ends with its threads, and what still waits is told', async () => {
    const other = createChatRenderer({ threads: 1 });
    const waiting = [template('a'), template('b')].map((each) => other.render(each, HELLO));
    const ended = Promise.allSettled(waiting);
    await other.close();
    for (const result of await ended) {
      assert.ok(result.status === 'rejected');
      assert.equal((result.reason as { readonly code: unknown }).code, 'stopping');
    }
    await assert.rejects(other.render(template('c'), HELLO), { code: 'stopping' });
  });

  it('holds the process while it renders, and not longer', async () => {
    const program = `
      import { createChatRenderer } from ${JSON.stringify(new URL('../../../src/prompts/chat/chat-renderer.ts', import.meta.url))};
      const request = { messages: [], addGenerationPrompt: false };
      const text = await createChatRenderer({ timeLimitMs: 30_000 }).render({ source: 'done', bosToken: null, eosToken: null }, request);
      console.log(text);`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      program,
    ]);
    assert.equal(stdout, 'done\n');
  });
});
