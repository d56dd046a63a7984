import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { createChatRenderer } from '../../../src/prompts/chat/chat-renderer.ts';
import { CONSTRUCT_VARIABLES } from './constructs.ts';
import {
  CONSTRUCT_RENDERINGS,
  RENDERINGS,
  goldenCases,
  goldenConstructs,
  readGolden,
} from './golden.ts';

const renderer = createChatRenderer({ timeLimitMs: 30_000 });
after(renderer.close);

describe('the golden renderings of Python', () => {
  it("are ours for each family's template", async () => {
    const rows = await readGolden(RENDERINGS);
    const cases = await goldenCases();
    assert.equal(rows.length, cases.length);
    for (const [at, { family, name, request }] of cases.entries()) {
      const row = rows[at];
      assert.deepEqual([row?.family, row?.request], [family.name, name]);
      const ours = renderer.render(family.template, request);
      if (row?.text !== undefined) assert.equal(await ours, row.text, `${family.name}, ${name}`);
      else await assert.rejects(ours, saysTheSame(row?.error ?? ''));
    }
  });

  it('are ours for each construct of Jinja', async () => {
    const rows = await readGolden(CONSTRUCT_RENDERINGS);
    assert.deepEqual(
      rows.map(({ template }) => template),
      goldenConstructs(),
    );
    const { messages, tools, documents, ...variables } = CONSTRUCT_VARIABLES;
    const request = { messages, tools, documents, addGenerationPrompt: false, variables };
    for (const { template = '', text } of rows) {
      const ours = renderer.render({ source: template, bosToken: null, eosToken: null }, request);
      if (text !== undefined) assert.equal(await ours, text, template);
      else await assert.rejects(ours, { code: 'template_failed' }, template);
    }
  });
});

/** What a template raises itself is passed on word for word. */
function saysTheSame(error: string): (ours: unknown) => boolean {
  const [, raised = ''] = /^TemplateError: (.*)$/s.exec(error) ?? [];
  return (ours) => {
    assert.ok(ours instanceof Error && 'code' in ours);
    assert.equal(ours.code, 'template_failed');
    assert.ok(ours.message.endsWith(raised), ours.message);
    return true;
  };
}
