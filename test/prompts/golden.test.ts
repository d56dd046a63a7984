import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { convTemplateReply } from '../../src/prompts/conv-template-reply.ts';
import { findTemplateName } from '../../src/prompts/find-template-name.ts';
import { renderPrompt } from '../../src/prompts/render-prompt.ts';
import { separatorStyles } from '../../src/prompts/styles/separator-styles.ts';
import type { Dialect } from '../../src/prompts/styles/style.ts';
import { linesOf, readGolden, templates } from './shipped.ts';

type Row = {
  template: string;
  case: string;
  system_message: string | null;
  messages: { role: 'user' | 'assistant'; text: string }[];
  prompt: string;
  stop_str: string | string[] | null;
  stop_token_ids: number[] | null;
};
type Registry = {
  sep_styles: Record<string, number>;
  templates: (Record<string, unknown> & {
    name: string;
    sep_style: string;
    sep_style_int: number;
    offset: number;
    /** Of FastChat only. */
    system_message_vision?: string;
    max_image_size_mb?: null;
  })[];
};
type Original = {
  readonly dialect: Dialect;
  readonly prompts: string;
  readonly registry: string;
  readonly rows: number;
  readonly templates: number;
  /** Its own name of a style, where ours is another one. */
  readonly styles: Readonly<Record<string, string>>;
};

const originals: readonly Original[] = [
  {
    dialect: 'llm-ops',
    prompts: 'prompts-llmops.jsonl',
    registry: 'llmops-templates.json',
    rows: 93,
    templates: 7,
    styles: { VICUNA: 'ADD_COLON_TWO' },
  },
  {
    dialect: 'fastchat',
    prompts: 'prompts-fastchat.jsonl',
    registry: 'fastchat-templates.json',
    rows: 1159,
    templates: 81,
    styles: { LLAMA2: 'LLAMA2_BY_POSITION' },
  },
];

for (const { dialect, ...original } of originals) {
  const rows = linesOf(original.prompts).map((line) => JSON.parse(line) as Row);
  const registry = JSON.parse(readGolden(original.registry)) as Registry;
  const named = (name: string) => {
    const template = templates.get(findTemplateName(templates, dialect, name) ?? '');
    assert.ok(template, `there is no ${name}`);
    return template;
  };
  const ourStyle = (theirs: string) => original.styles[theirs] ?? theirs;

  describe(`the prompts of ${dialect}`, () => {
    it('are here for all of its templates', () => {
      assert.equal(rows.length, original.rows);
      assert.equal(registry.templates.length, original.templates);
      assert.deepEqual(
        [...new Set(rows.map((row) => row.template))].sort(),
        registry.templates.map(({ name }) => name).sort(),
      );
    });

    for (const [name, cases] of Map.groupBy(rows, (row) => row.template)) {
      it(`${name}: our bytes and stops are the original's in ${cases.length} cases`, () => {
        const template = named(name);
        for (const row of cases) {
          const prompt = renderPrompt(
            template,
            { system: row.system_message, messages: row.messages },
            { allowControlTokens: true },
          );
          assert.equal(prompt, row.prompt, row.case);
          assert.deepEqual(Buffer.from(prompt), Buffer.from(row.prompt), row.case);
          assert.deepEqual(template.stop_str, row.stop_str, row.case);
          assert.deepEqual(template.stop_token_ids, row.stop_token_ids, row.case);
        }
      });
    }
  });

  describe(`the templates of ${dialect}`, () => {
    for (const theirs of registry.templates) {
      const { offset, sep_style_int, sep_style, ...fields } = theirs;
      it(`${fields.name} has the original's fields, few-shot turns and number of its style`, () => {
        const template = named(fields.name);
        const { conv } = convTemplateReply(template, dialect);
        assert.deepEqual({ ...conv }, { ...fields, offset, sep_style: sep_style_int });
        assert.equal(template.sep_style, ourStyle(sep_style));
      });
    }

    it('have no style whose number differs from the original', () => {
      const theirs = new Map(
        Object.entries(registry.sep_styles).map(([name, integer]) => [ourStyle(name), integer]),
      );
      const numbers = new Set(theirs.values());
      for (const [name, { integers }] of Object.entries(separatorStyles)) {
        const ours = integers[dialect];
        const twin = name === 'LLAMA2' || name === 'LLAMA2_BY_POSITION';
        if (twin) assert.equal(ours, registry.sep_styles['LLAMA2']);
        else if (theirs.has(name)) assert.equal(ours, theirs.get(name), name);
        // A style that the project has not must not be taken for one that it has.
        else assert.ok(!numbers.has(ours), name);
      }
    });
  });
}

describe('a template’s name here', () => {
  it('is plain where the projects agree, and has FastChat’s folder where they differ', () => {
    const names = ['mistral', 'llama-2', 'vicuna_v1.1', 'zephyr', 'yandexgpt'];
    const inDialect = (dialect: Dialect) =>
      names.map((name) => findTemplateName(templates, dialect, name));
    assert.deepEqual(inDialect('llm-ops'), ['mistral', 'llama-2', 'vicuna_v1.1', 'zephyr', null]);
    assert.deepEqual(inDialect('fastchat'), [
      'fastchat/mistral',
      'fastchat/llama-2',
      'vicuna_v1.1',
      'zephyr',
      null,
    ]);
  });
});
