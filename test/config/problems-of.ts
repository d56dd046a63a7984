/** What is wrong with a text, as the loader tells it. */
import assert from 'node:assert/strict';
import { parseStackConfig } from '../../src/config/load-stack-config.ts';
import type { Problem } from '../../src/config/problem.ts';
import { LlmOpsError } from '../../src/errors.ts';

export const TEMPLATES = ['llama-2', 'mistral'];

export function errorOf(text: string): LlmOpsError {
  try {
    parseStackConfig(text, { file: 'llm-ops.yml', templates: TEMPLATES });
  } catch (error) {
    assert.ok(error instanceof LlmOpsError, String(error));
    assert.equal(error.code, 'config_invalid');
    return error;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
}

/** `line:column path: message | hint` of every problem. */
export function problemsOf(text: string): readonly string[] {
  const problems = errorOf(text).details['problems'] as readonly Problem[];
  return problems.map(
    ({ line, column, path, message, hint }) => `${line}:${column} ${path}: ${message} | ${hint}`,
  );
}
