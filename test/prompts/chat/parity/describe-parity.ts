/** Our rendering beside Python's. Both suites that have a Python run this: with transformers, and with jinja2. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { createChatRenderer } from '../../../../src/prompts/chat/chat-renderer.ts';
import type { ChatRenderer } from '../../../../src/prompts/chat/chat-renderer.ts';
import type { ChatRequest, ChatTemplate } from '../../../../src/prompts/chat/chat-template.ts';
import { CONSTRUCTS, CONSTRUCT_VARIABLES } from '../constructs.ts';
import { readFamilies } from '../families.ts';
import { checkGolden } from './check-golden.ts';
import { makeConversations } from './conversations.ts';
import type { Answer, PythonRenderer } from './python-renderer.ts';
import { toVariables } from './to-variables.ts';

const CONVERSATIONS = 240;

/** `openPython`: null when there is none, with the reason as the skipped test's name. */
export function describeParity(
  title: string,
  openPython: () => Promise<PythonRenderer | { readonly missing: string }>,
): void {
  describe(title, { timeout: 10 * 60_000 }, () => {
    let python: PythonRenderer | { readonly missing: string } = { missing: 'not started' };
    let renderer: ChatRenderer;

    before(async () => {
      python = await openPython();
      // Where this machine is busy, no rendering is to be cut short.
      renderer = createChatRenderer({ timeLimitMs: 60_000 });
    });

    after(async () => {
      if (!('missing' in python)) await python.close();
      await renderer.close();
    });

    it(`renders ${String(CONVERSATIONS)} conversations with each family's template as Python does`, async (t) => {
      if ('missing' in python) {
        t.skip(python.missing);
        return;
      }
      const families = await readFamilies();
      let texts = 0;
      let refusals = 0;
      for (const [at, request] of makeConversations(CONVERSATIONS).entries()) {
        for (const { name, template } of families) {
          const { source, variables } = toVariables(template, request);
          const theirs = await python.render(source, variables);
          const ours = await renderOurs(renderer, template, request);
          assertSame(ours, theirs, `${name}, conversation ${String(at)}`);
          if ('text' in theirs) texts += 1;
          else refusals += 1;
        }
      }
      t.diagnostic(
        `${String(families.length)} families: ${String(texts)} texts and ${String(refusals)} refusals, all equal`,
      );
      assert.ok(texts > refusals);
    });

    it('treats every construct as Python does, or as the documentation says', async (t) => {
      if ('missing' in python) {
        t.skip(python.missing);
        return;
      }
      for (const { template, differs } of CONSTRUCTS) {
        const { messages, tools, documents, ...variables } = CONSTRUCT_VARIABLES;
        const theirs = await python.render(template, CONSTRUCT_VARIABLES);
        const ours = await renderOurs(
          renderer,
          { source: template, bosToken: null, eosToken: null },
          { messages, tools, documents, addGenerationPrompt: false, variables },
        );
        if (differs === undefined) assertSame(ours, theirs, template);
        else assert.notDeepEqual(ours, theirs, `${template} no longer differs: ${differs}`);
      }
    });

    it('made the golden renderings', async (t) => {
      if ('missing' in python) {
        t.skip(python.missing);
        return;
      }
      await checkGolden(python);
    });
  });
}

async function renderOurs(
  renderer: ChatRenderer,
  template: ChatTemplate,
  request: ChatRequest,
): Promise<Answer> {
  try {
    return { text: await renderer.render(template, request) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Equal texts, or an error on both sides; what a template raises itself is to be told in its own words. */
function assertSame(ours: Answer, theirs: Answer, what: string): void {
  if ('text' in theirs) {
    assert.deepEqual(ours, theirs, what);
    return;
  }
  assert.ok('error' in ours, `${what}: Python says ${theirs.error}`);
  const [, raised] = /^TemplateError: (.*)$/s.exec(theirs.error) ?? [];
  if (raised !== undefined) assert.ok(ours.error.endsWith(raised), `${what}: ${ours.error}`);
}
