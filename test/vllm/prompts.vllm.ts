/** What we render and send has the token ids that vLLM itself gives the same conversation: by the model's own chat template, and no token twice. */
import assert from 'node:assert/strict';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { AUTO } from '../../src/config/values/template-choice.ts';
import type { WorkerTemplate } from '../../src/config/worker-config.ts';
import { chooseTemplates } from '../../src/control/choose-templates.ts';
import { planStack } from '../../src/plan/plan-stack.ts';
import { createChatRenderer } from '../../src/prompts/chat/chat-renderer.ts';
import { parseGenerateRequest } from '../../src/worker/answer/generate-request.ts';
import { preparePrompt } from '../../src/worker/answer/prepare-prompt.ts';
import { startVllm } from '../contracts/engines/vllm.ts';
import type { RunningEngine } from '../contracts/engines/engine-under-test.ts';
import { service, stack } from '../plan/sample-config.ts';
import { named, oneService, startWorker } from '../worker/worker-harness.ts';
import { provided } from './real-vllm.ts';

const CONVERSATIONS = 50;
const chatRenderer = createChatRenderer();
const signal = AbortSignal.timeout(600_000);

let engine: RunningEngine;
let directory = '';
let template: WorkerTemplate | null = null;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'llm-ops-vllm-'));
  const path = await copyThatBegins(provided('VLLM_MODEL'), join(directory, 'model'));
  engine = await startVllm(path);
  const source = { kind: 'path', path } as const;
  const plan = planStack(stack([service('tiny', { source, template: AUTO })]), { gpus: null });
  const store = { locate: () => Promise.resolve(null), list: () => Promise.resolve([]) };
  const { templates } = await chooseTemplates(plan, { templates: new Map(), store });
  template = templates.get('tiny')?.template ?? null;
});
after(async () => {
  await engine.stop();
  await chatRenderer.close();
  await rm(directory, { recursive: true, force: true });
});

/** The tiny model with a tokenizer that puts `<s>` before every text, as Llama's does. */
async function copyThatBegins(model: string, copy: string): Promise<string> {
  await cp(model, copy, { recursive: true, dereference: true });
  const file = join(copy, 'tokenizer.json');
  const first = { SpecialToken: { id: '<s>', type_id: 0 } };
  const text = { Sequence: { id: 'A', type_id: 0 } };
  const postProcessor = {
    type: 'TemplateProcessing',
    single: [first, text],
    pair: [first, text, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  };
  const tokenizer = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await chmod(file, 0o644);
  await writeFile(file, JSON.stringify({ ...tokenizer, post_processor: postProcessor }));
  return copy;
}

const text = fc.oneof(
  fc.lorem({ maxCount: 12 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    ' leading and trailing ',
    'line\n\nline\r\n',
    '# {{ braces }} {% if %}',
    '日本語 🙂‍↔️',
  ),
);
const conversation = fc
  .tuple(fc.option(text), fc.array(text, { minLength: 1, maxLength: 7 }))
  .map(([system, said]) => [
    ...(system === null ? [] : [{ role: 'system', content: system }]),
    ...said.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content })),
  ]);

async function tokenize(body: object): Promise<readonly number[]> {
  const reply = await fetch(`${engine.url}/tokenize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: engine.model, ...body }),
  });
  const { tokens } = (await reply.json()) as { readonly tokens: readonly number[] };
  return tokens;
}

async function prepare(messages: readonly object[], by: WorkerTemplate | null) {
  const request = parseGenerateRequest({ messages });
  const tools = { template: by, allowControlTokens: false, chatRenderer, signal };
  const { prompt } = await preparePrompt(request, tools);
  assert.ok(prompt.kind === 'text');
  return prompt;
}

describe('a prompt of ours at vLLM', { timeout: 15 * 60_000 }, () => {
  it(`has the token ids of vLLM's own rendering, in ${String(CONVERSATIONS)} conversations`, async () => {
    assert.equal(template?.kind, 'chat');
    const samples = fc.sample(conversation, { numRuns: CONVERSATIONS, seed: 5 });
    for (const messages of samples) {
      const { text: prompt, hasSpecialTokens } = await prepare(messages, template);

      const ours = await tokenize({ prompt, add_special_tokens: !hasSpecialTokens });
      const theirs = await tokenize({ messages, add_generation_prompt: true });

      assert.deepEqual(ours, theirs, JSON.stringify(messages));
    }
  });

  it('has one first token, whoever writes it: our template, the model’s, or the engine', async () => {
    const [first] = await tokenize({ prompt: '' });
    assert.equal((await tokenize({ prompt: '<s>x' })).filter((token) => token === first).length, 2);
    const begun: WorkerTemplate = {
      ...named('llama-2'),
      conversation: { ...namedConversation('llama-2'), system_template: '<s>{system_message}' },
    } as WorkerTemplate;
    for (const each of [template, named('llama-2'), begun]) {
      const { text: prompt, hasSpecialTokens } = await prepare(
        [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hello' },
        ],
        each,
      );

      const tokens = await tokenize({ prompt, add_special_tokens: !hasSpecialTokens });

      assert.deepEqual(
        tokens.slice(0, 2).map((token) => token === first),
        [true, false],
        prompt,
      );
    }
  });

  it('is sent as it is counted', async (t) => {
    const [service_] = oneService('tiny', engine.url).services;
    const [version] = service_!.versions;
    const replicas = version!.replicas.map((replica) => ({ ...replica, engine: 'vllm' as const }));
    const versions = [{ ...version!, template, replicas }];
    const worker = await startWorker(t, { role: 'worker', services: [{ name: 'tiny', versions }] });
    for (const messages of fc.sample(conversation, { numRuns: 5, seed: 7 })) {
      const { text: prompt } = await prepare(messages, template);
      const reply = await fetch(`${worker.url}/worker_generate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ messages, max_new_tokens: 1, temperature: 0 }),
      });
      const answer = (await reply.json()) as { text: string; usage: Record<string, number> };

      assert.ok(answer.text.startsWith(prompt), answer.text);
      const tokens = await tokenize({ messages, add_generation_prompt: true });
      assert.equal(answer.usage['prompt_tokens'], tokens.length);
    }
  });
});

function namedConversation(name: string) {
  const found = named(name);
  assert.ok(found.kind === 'conversation');
  return found.conversation;
}
