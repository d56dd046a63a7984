/** How much text a request may bring, before anything is done with it. */
import type { Prompt } from '../../engines/engine.ts';
import { LlmOpsError } from '../../errors.ts';
import type { GenerateRequest } from '../answer/generate-request.ts';

/**
 * Throws `param_out_of_range` for more characters than a service takes: UTF-16's, so an emoji counts as two. Whether a prompt fits the
 * model's context is another question, which only the engine's tokenizer answers.
 */
export function checkInputLength(input: GenerateRequest['input'], mostCharacters: number): void {
  if (input.kind === 'completion') {
    check('prompt', input.prompt.length, mostCharacters);
    return;
  }
  const { system, turns } = input;
  const length = turns.reduce((sum, { text }) => sum + text.length, system?.length ?? 0);
  check('messages', length, mostCharacters);
}

/** The same of a prompt as a template rendered it. */
export function checkPromptLength(prompt: Prompt, mostCharacters: number): void {
  if (prompt.kind === 'text') check('prompt', prompt.text.length, mostCharacters);
}

function check(param: string, length: number, most: number): void {
  if (length <= most) return;
  throw new LlmOpsError(
    'param_out_of_range',
    `${param}: ${length} characters, and this service takes ${most} at most`,
    { param, details: { characters: length, most_characters: most } },
  );
}
