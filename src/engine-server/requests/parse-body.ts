import type { z } from 'zod';

import { LlmOpsError } from '../../errors.ts';

/** Throws `invalid_request` in the form of vLLM's validator, with all that is wrong. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error.issues.map((issue) => toProblem(issue, [])));
}

export type Problem = { readonly path: readonly PropertyKey[]; readonly message: string };

/** The validator's error: it counts the problems and lists them, and its `param` is the place of the first one (`body.messages.0.role`). */
export function invalidRequest(problems: readonly Problem[]): LlmOpsError {
  const places = problems.map(({ path }) => ['body', ...path]);
  const lines = problems.map(({ message }, at) => {
    const place = places[at]?.map((part) =>
      typeof part === 'number' ? part : `'${String(part)}'`,
    );
    return `  {'type': 'value_error', 'loc': (${place?.join(', ')}), 'msg': '${message}'}`;
  });
  const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'}`;
  const param = places[0]?.map(String).join('.') ?? 'body';
  return new LlmOpsError('invalid_request', `${count}:\n${lines.join('\n')}`, { param });
}

/** Of several alternatives vLLM's validator tells of the first one first. */
function toProblem(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): Problem {
  const path = [...before, ...issue.path];
  const first = issue.code === 'invalid_union' ? issue.errors[0]?.[0] : undefined;
  return first === undefined ? { path, message: issue.message } : toProblem(first, path);
}
