import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadTemplates } from '../../src/prompts/load-templates.ts';
import { renderPrompt } from '../../src/prompts/render-prompt.ts';
import { separatorStyles } from '../../src/prompts/separator-styles.ts';

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
  templates: (Record<string, unknown> & { name: string; sep_style: string; offset: number })[];
};

const golden = join(import.meta.dirname, 'golden');
const templates = await loadTemplates(join(import.meta.dirname, '../../templates/conversations'));
const rows = readFileSync(join(golden, 'prompts-llmops.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Row);
const registry = JSON.parse(
  readFileSync(join(golden, 'llmops-templates.json'), 'utf8'),
) as Registry;

/** llm-ops's own name of a style, and ours. */
const ourStyle = (theirs: string) => (theirs === 'VICUNA' ? 'ADD_COLON_TWO' : theirs);

describe('the prompts of llm-ops', () => {
  it('are here for all of its templates', () => {
    assert.equal(rows.length, 93);
    assert.deepEqual(
      [...new Set(rows.map((row) => row.template))].sort(),
      registry.templates.map(({ name }) => name).sort(),
    );
  });

  for (const row of rows) {
    it(`${row.template}, ${row.case}: our bytes and stops are the original's`, () => {
      const template = templates.get(row.template);
      assert.ok(template);
      const prompt = renderPrompt(template, {
        system: row.system_message,
        messages: row.messages,
      });
      assert.equal(prompt, row.prompt);
      assert.deepEqual(Buffer.from(prompt), Buffer.from(row.prompt));
      assert.deepEqual(template.stop_str, row.stop_str);
      assert.deepEqual(template.stop_token_ids, row.stop_token_ids);
    });
  }
});

describe('the templates of llm-ops', () => {
  for (const { offset, sep_style_int, sep_style, ...fields } of registry.templates) {
    it(`${fields.name} has the original's fields, few-shot turns and number of its style`, () => {
      const template = templates.get(fields.name);
      assert.ok(template);
      assert.deepEqual({ ...template }, { ...fields, sep_style: ourStyle(sep_style) });
      assert.equal(template.messages.length, offset);
      assert.equal(separatorStyles[template.sep_style].integers['llm-ops'], sep_style_int);
    });
  }

  it('have no style whose number differs from the original', () => {
    const theirs = new Map(
      Object.entries(registry.sep_styles).map(([name, integer]) => [ourStyle(name), integer]),
    );
    const taken = new Set(theirs.values());
    for (const [name, { integers }] of Object.entries(separatorStyles)) {
      const ours = integers['llm-ops'];
      // A style that llm-ops has not must not be taken for one that it has.
      if (theirs.has(name) || taken.has(ours)) assert.equal(ours, theirs.get(name), name);
    }
  });
});
