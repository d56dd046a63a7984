import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { ModelSource } from '../../src/config/values/model-source.ts';
import { AUTO, type TemplateChoice } from '../../src/config/values/template-choice.ts';
import type { ServiceConfig } from '../../src/config/stack-config.ts';
import { chooseTemplates, withTemplates } from '../../src/control/choose-templates.ts';
import type { LlmOpsError } from '../../src/errors.ts';
import type { ModelStore } from '../../src/models/model-store.ts';
import { planStack } from '../../src/plan/plan-stack.ts';
import type { ChosenTemplate } from '../../src/plan/stack-plan.ts';
import { loadTemplates } from '../../src/prompts/load-templates.ts';
import { writeGgufKeys } from '../models/describe/tiny-models.ts';
import { service, stack } from '../plan/sample-config.ts';

const templates = await loadTemplates(join(import.meta.dirname, '../../templates/conversations'));

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'templates-'));
});
after(() => rm(directory, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<string> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

type Store = Pick<ModelStore, 'locate' | 'list'>;
const EMPTY: Store = { locate: () => Promise.resolve(null), list: () => Promise.resolve([]) };

function hub(id: string): ModelSource {
  return { kind: 'hub', id, revision: null, file: null };
}

function at(path: string): ModelSource {
  return { kind: 'path', path };
}

function written(from: TemplateChoice['from']): TemplateChoice {
  return { from, allowControlTokens: false };
}

async function choose(
  facts: Partial<ServiceConfig>,
  store: Store | null = EMPTY,
): Promise<{ readonly chosen: ChosenTemplate; readonly warnings: readonly string[] }> {
  const plan = planStack(stack([service('A', facts)]), { gpus: null });
  const made = await chooseTemplates(plan, { templates, store });
  const [planned] = withTemplates(plan, made).services;
  return { chosen: planned!.template.chosen!, warnings: made.warnings };
}

function nameOf({ template }: ChosenTemplate): string | null {
  if (template === null) return null;
  return template.kind === 'chat' ? `chat: ${template.source}` : template.conversation.name;
}

describe('the template of a service that names none', () => {
  it('is the model’s own, with its tokens in either form', async () => {
    await write('own/chat_template.jinja', 'X{{ bos_token }}');
    await write(
      'own/tokenizer_config.json',
      JSON.stringify({
        bos_token: '<s>',
        eos_token: { __type: 'AddedToken', content: '</s>', lstrip: false },
        added_tokens_decoder: { 1: { content: '<tool>', special: true } },
      }),
    );

    const { chosen } = await choose({ source: at(join(directory, 'own')) });

    assert.equal(nameOf(chosen), 'chat: X{{ bos_token }}');
    assert.ok(chosen.template?.kind === 'chat');
    assert.deepEqual([chosen.template.bos_token, chosen.template.eos_token], ['<s>', '</s>']);
    assert.ok(chosen.template.special_tokens.includes('<tool>'));
    assert.match(chosen.why, /chat_template\.jinja/);
  });

  it('is the model’s own from the cache, also while its weights are still missing', async () => {
    const path = join(directory, 'snapshot');
    await write('snapshot/tokenizer_config.json', JSON.stringify({ chat_template: 'Y' }));
    const stored = { source: 'org/vicuna-7b', kind: 'hub', path, bytes: 1, revision: 'c' } as const;
    const more = { refs: ['main'], isComplete: false, modifiedAt: '' };
    const store = { ...EMPTY, list: () => Promise.resolve([{ ...stored, ...more }]) };

    const { chosen } = await choose({ source: hub('org/vicuna-7b') }, store);

    assert.equal(nameOf(chosen), 'chat: Y');
  });

  it('is the engine’s where a GGUF file has the model’s own inside', async () => {
    const file = join(directory, 'vicuna-7b.Q4_K_M.gguf');
    await writeGgufKeys(file, { 'tokenizer.chat_template': '{{ messages }}' });
    const plain = join(directory, 'vicuna-13b.Q4_K_M.gguf');
    await writeGgufKeys(plain, {});
    const engine = 'llama.cpp';

    const { chosen } = await choose({ engine, source: at(file) });

    assert.equal(nameOf(chosen), null);
    assert.match(chosen.why, /GGUF/);
    const other = await choose({ engine, source: at(plain) });
    assert.equal(nameOf(other.chosen), 'vicuna_v1.1');
  });

  it('says nothing of this machine for another one', async () => {
    const { chosen } = await choose({ source: at(join(directory, 'own')) }, null);

    assert.equal(nameOf(chosen), null);
  });

  it('else is the one that its name asks for', async () => {
    for (const [id, expected] of [
      ['lmsys/vicuna-7b-v1.5', 'vicuna_v1.1'],
      ['HuggingFaceH4/zephyr-7b-beta', 'zephyr'],
    ] as const) {
      const { chosen } = await choose({ source: hub(id) });
      assert.equal(nameOf(chosen), expected);
      assert.match(chosen.why, new RegExp(id));
    }
    assert.equal(nameOf((await choose({ source: at('/srv/vicuna-13b') })).chosen), 'vicuna_v1.1');
  });

  it('else is the engine’s: also where FastChat has only a stand-in, or the engine runs already', async () => {
    for (const facts of [
      { source: hub('org/unheard-of') },
      { source: hub('meta-llama/Llama-3.1-8B-Instruct') },
      { engine: 'openai', source: null, url: 'http://10.0.0.7:8000' },
    ] as const)
      assert.equal(nameOf((await choose(facts)).chosen), null, JSON.stringify(facts));
  });

  it('passes a broken one over, and says so', async () => {
    const source = at(join(directory, 'vicuna-broken'));
    await write('vicuna-broken/tokenizer_config.json', '{ not JSON');

    const { chosen, warnings } = await choose({ source });

    assert.equal(nameOf(chosen), 'vicuna_v1.1');
    assert.match(warnings.join('\n'), /A: the model's own chat template is passed over: /);
  });
});

describe('the template that a service names', () => {
  it('is that one, whatever the model has', async () => {
    const source = at(join(directory, 'own'));
    const named = written({ kind: 'named', name: 'llama-2' });

    assert.equal(nameOf((await choose({ source, template: named })).chosen), 'llama-2');
    const engine = written({ kind: 'engine' });
    assert.equal(nameOf((await choose({ source, template: engine })).chosen), null);
    assert.notEqual(nameOf((await choose({ source, template: AUTO })).chosen), null);
  });

  it('may be a file: a conversation template, or Jinja with the tokens of the model', async () => {
    const source = at(join(directory, 'own'));
    const yml = await write(
      'mine.yml',
      'name: mine\nsystem_template: "{system_message}"\nroles: [U, A]\nsep_style: ADD_COLON_SINGLE\nsep: x\n',
    );
    const jinja = await write('mine.jinja', 'Z{{ eos_token }}');

    const first = await choose({ source, template: written({ kind: 'file', path: yml }) });
    const second = await choose({ source, template: written({ kind: 'file', path: jinja }) });

    assert.equal(nameOf(first.chosen), 'mine');
    assert.equal(nameOf(second.chosen), 'chat: Z{{ eos_token }}');
    assert.ok(second.chosen.template?.kind === 'chat');
    assert.equal(second.chosen.template.eos_token, '</s>');
  });

  it('may be in the configuration, with tokens before those of the model', async () => {
    const source = at(join(directory, 'own'));
    const tokens = { bosToken: '<mine>', eosToken: null };
    const template = written({ kind: 'chat', source: 'W', ...tokens });

    const { chosen } = await choose({ source, template });

    assert.ok(chosen.template?.kind === 'chat');
    assert.deepEqual([chosen.template.bos_token, chosen.template.eos_token], ['<mine>', '</s>']);
  });

  it('is refused with its line when it is broken', async () => {
    const yml = await write('broken.yml', 'name: broken\nsep_style: NONE\n');
    const jinja = await write('broken.jinja', '{% if %}');
    for (const [template, expected] of [
      [written({ kind: 'file', path: yml }), /broken\.yml:2:\d+: sep_style/],
      [written({ kind: 'file', path: jinja }), /broken\.jinja/],
      [written({ kind: 'chat', source: '{{ x', bosToken: null, eosToken: null }), /chat_template/],
    ] as const)
      await assert.rejects(choose({ template }), (error: LlmOpsError) => {
        assert.equal(error.code, 'config_invalid');
        assert.match(error.message, expected);
        return true;
      });
  });
});

describe('a service that a FastChat controller knows', () => {
  const controller = { url: 'http://127.0.0.1:21001', workerAddress: null };
  const unfit = /^A: it has no conversation template, so FastChat’s servers .* answer 500 for it/;

  it('is warned of when its template is none that FastChat’s servers can fetch', async () => {
    const source = at(join(directory, 'own'));
    const jinja = written({ kind: 'chat', source: 'W', bosToken: null, eosToken: null });
    for (const facts of [
      { source },
      { template: written({ kind: 'engine' }) },
      { template: jinja },
    ]) {
      const { warnings } = await choose({ controller, ...facts });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, unfit);
      assert.deepEqual((await choose(facts)).warnings, [], 'without a controller');
    }
  });

  it('is fine with a conversation template, by its name or by the model’s', async () => {
    const template = written({ kind: 'named', name: 'llama-2' });
    assert.deepEqual((await choose({ controller, template })).warnings, []);
    const source = hub('lmsys/vicuna-7b-v1.5');
    assert.deepEqual((await choose({ controller, source })).warnings, []);
  });
});
