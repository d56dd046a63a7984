import { GLOBALS } from '../filters/globals.ts';
import { fromJson } from '../values/from-json.ts';
import type { Value } from '../values/values.ts';
import { type Frame, openFrame } from './frame.ts';
import { render } from './statements.ts';
import type { Body } from './syntax.ts';

/**
 * A compiled template with its variables, as JSON → the prompt. A variable whose value is undefined is undefined for the template too, null is
 * Python's None. Throws when the template fails, with its own message when it raises one.
 */
export function renderTemplate(
  template: Body,
  variables: Readonly<Record<string, unknown>>,
): string {
  const globals: Frame = { names: new Map<string, Value>(GLOBALS), parent: null };
  const frame = openFrame(globals);
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) frame.names.set(name, fromJson(value));
  }
  return render(template, frame);
}
