/** The template that `template render` was given, by name or by path, as a function from a conversation to its prompt. */
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';

import { isPath } from '../../../config/values/model-source.ts';
import { LlmOpsError } from '../../../errors.ts';
import { chatControlTokens } from '../../../prompts/chat/chat-control-tokens.ts';
import { createChatRenderer } from '../../../prompts/chat/chat-renderer.ts';
import type { ChatTemplate } from '../../../prompts/chat/chat-template.ts';
import { readOwnTemplate } from '../../../prompts/chat/read-own-template.ts';
import { neutralise } from '../../../prompts/control-tokens/neutralise.ts';
import type { ConversationTemplate } from '../../../prompts/conversation-template.ts';
import { loadTemplateFile } from '../../../prompts/load-templates.ts';
import { type PromptConversation, renderPrompt } from '../../../prompts/render-prompt.ts';
import { findTemplate, type Templates } from './read-templates.ts';

type Rendered = {
  readonly prompt: string;
  readonly stop_str: ConversationTemplate['stop_str'];
  readonly stop_token_ids: ConversationTemplate['stop_token_ids'];
};

type Render = (
  conversation: PromptConversation,
  options: { readonly allowControlTokens: boolean },
) => Promise<Rendered>;

/**
 * `name`: a template's name; or a path, of a model's directory (its own chat template), of a conversation template (.yml), or of Jinja.
 * Throws `usage`, and `config_invalid` for a template that cannot be read.
 */
export async function findRender(name: string, templates: Templates): Promise<Render> {
  if (!isPath(name)) return byFields(findTemplate(templates, name));
  const path = resolve(name);
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw new LlmOpsError('usage', `${path} is not there`, {
      param: 'NAME',
      hint: 'A name that `llm-ops template list` shows, a model’s directory, or a file with a template.',
    });
  if (found.isDirectory()) {
    const own = await readOwnTemplate(path);
    if (own !== null) return byJinja(own, own.specialTokens);
    throw new LlmOpsError('usage', `${path} has no chat template of its own`, { param: 'NAME' });
  }
  if (/^\.ya?ml$/i.test(extname(path))) return byFields(await loadTemplateFile(path));
  const source = await readFile(path, 'utf8');
  return byJinja({ source, bosToken: null, eosToken: null }, []);
}

function byFields(template: ConversationTemplate): Render {
  const { stop_str, stop_token_ids } = template;
  return (conversation, options) => {
    const prompt = renderPrompt(template, conversation, options);
    return Promise.resolve({ prompt, stop_str, stop_token_ids });
  };
}

function byJinja(template: ChatTemplate, specialTokens: readonly string[]): Render {
  const tokens = chatControlTokens(template, specialTokens);
  return async ({ system, messages }, { allowControlTokens }) => {
    const said = [
      ...(system === null || system === '' ? [] : [{ role: 'system', text: system }]),
      ...messages,
    ].map(({ role, text }) => ({
      role,
      content: allowControlTokens ? text : neutralise(text, tokens),
    }));
    const renderer = createChatRenderer({ threads: 1 });
    try {
      const prompt = await renderer.render(template, { messages: said, addGenerationPrompt: true });
      return { prompt, stop_str: template.eosToken, stop_token_ids: null };
    } finally {
      await renderer.close();
    }
  };
}
