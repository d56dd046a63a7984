import { LlmOpsError } from '../../errors.ts';
import { compile } from './jinja/compile.ts';

/** Whether a chat template can be read at all. Throws `config_invalid` with what is wrong; `place` names it. */
export function checkChatTemplate(source: string, place: string): void {
  try {
    compile(source);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmOpsError('config_invalid', `${place}: ${reason}`, {
      hint: 'The template has to be Jinja, as Hugging Face’s chat templates are.',
      cause,
    });
  }
}
