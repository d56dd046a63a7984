/** `template render`: the exact prompt of a conversation. */
import { text } from 'node:stream/consumers';
import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { LlmOpsError } from '../../../errors.ts';
import type { CliContext, CommonOptions } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { readTemplates } from './read-templates.ts';
import { findRender } from './render-by.ts';

export type TemplateRenderOptions = CommonOptions & {
  readonly name: string;
  /** A JSON file with a list of messages; `-`: the standard input. */
  readonly messages: string;
  /** Takes the place of the template's default system message. */
  readonly system?: string;
  readonly allowControlTokens: boolean;
};

const ROLES: Readonly<Record<string, 'user' | 'assistant' | 'system'>> = {
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  ai: 'assistant',
  system: 'system',
};

const Messages = z.array(
  z
    .looseObject({
      role: z.string().refine((role) => Object.hasOwn(ROLES, role), {
        error: 'roles are user (or human), assistant (or ai) and system',
      }),
      text: z.string().optional(),
      content: z.string().optional(),
    })
    .transform(({ role, text: said, content }) => ({
      role: ROLES[role] ?? 'user',
      text: said ?? content ?? '',
    })),
);

export async function templateRender(
  options: TemplateRenderOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const render = await findRender(options.name, await readTemplates(options, context));
  const messages = await readMessages(options.messages);
  const systems = messages.filter(({ role }) => role === 'system').map((each) => each.text);
  const said = [...(options.system === undefined ? [] : [options.system]), ...systems];
  const conversation = {
    system: said.length === 0 ? null : said.join('\n\n'),
    messages: messages.flatMap(({ role, text: content }) =>
      role === 'system' ? [] : [{ role, text: content }],
    ),
  };
  const { allowControlTokens } = options;
  const rendered = await render(conversation, { allowControlTokens });
  context.terminal.out(options.json ? JSON.stringify(rendered) : rendered.prompt);
  return 0;
}

async function readMessages(file: string): Promise<z.output<typeof Messages>> {
  const written = file === '-' ? await text(process.stdin) : await readText(file);
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause));
  }
  const parsed = Messages.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(file, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause));
  });
}

function unreadable(file: string, reason: string): LlmOpsError {
  return new LlmOpsError('usage', `${file} holds no messages: ${reason}`, {
    param: '--messages',
    hint: 'A JSON list: `[{"role": "user", "text": "Hello!"}]`.',
  });
}
