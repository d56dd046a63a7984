import { z } from 'zod';

const text = z.string().nullish();

/** One row of a file of prompts that somebody else rendered. Unknown keys are passed over. */
export const PromptRow = z.object({
  /** The template's name in the dialect of the file. */
  template: z.string(),
  /** What the row is about, for people. */
  case: z.string().nullish(),
  /** Absent or null: the template's default. */
  system_message: text,
  /** An empty or missing text opens the turn, as None does in the originals. A system message here takes the place of the one above. */
  messages: z.array(
    z.object({
      role: z.enum(['system', 'user', 'human', 'assistant', 'ai']),
      text,
      content: text,
    }),
  ),
  /** Absent or null only where the original failed; then `error` says how. */
  prompt: text,
  error: z.unknown().optional(),
  stop_str: z.union([z.string(), z.array(z.string())]).nullish(),
  stop_token_ids: z.array(z.int()).nullish(),
});
export type PromptRow = z.infer<typeof PromptRow>;

export type ParsedRow = PromptRow | { readonly reason: string };

/** Reads one line of JSON into a row, or into why it cannot be read; it does not throw. */
export function parseRow(line: string): ParsedRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const { data, error } = PromptRow.safeParse(value);
  if (error !== undefined) {
    const problems = error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${message}`,
    );
    return { reason: problems.join('; ') };
  }
  if (typeof data.prompt !== 'string' && (data.error ?? null) === null) {
    return { reason: 'prompt: is missing, and no error says that there was none' };
  }
  return data;
}
