/** Which templates the `template` verbs know. */
import { access } from 'node:fs/promises';

import { loadTemplateDirectory } from '../../../config/load-stack-name.ts';
import { LlmOpsError } from '../../../errors.ts';
import type { ConversationTemplate } from '../../../prompts/conversation-template.ts';
import { type CliContext, type CommonOptions, DEFAULT_FILE } from '../../cli-context.ts';
import { loadAllTemplates } from '../../stack/choose-plan-templates.ts';

export type Templates = ReadonlyMap<string, ConversationTemplate>;

/** Ours, and those of the configuration file's `templates` where there is such a file. Throws `config_invalid`. */
export async function readTemplates(
  { file }: Pick<CommonOptions, 'file'>,
  context: CliContext,
): Promise<Templates> {
  // Without a configuration one can look at templates all the same.
  const isThere = file !== DEFAULT_FILE || (await access(file).then(yes, no));
  return loadAllTemplates(isThere ? await loadTemplateDirectory(file) : null, context);
}

/** Throws `usage`. */
export function findTemplate(templates: Templates, name: string): ConversationTemplate {
  const template = templates.get(name);
  if (template !== undefined) return template;
  throw new LlmOpsError('usage', `there is no conversation template ${name}`, {
    param: 'NAME',
    hint: '`llm-ops template list` shows those that there are.',
  });
}

const yes = (): boolean => true;
const no = (): boolean => false;
