import { fail } from '../values/failure.ts';
import { type Arguments, type Callable, Tuple, Undefined, type Value } from '../values/values.ts';
import { evaluate } from './expressions.ts';
import { type Frame, openFrame } from './frame.ts';
import type { Body, Node } from './syntax.ts';

export type MacroParts = {
  /** For messages. */
  readonly name: string;
  readonly parameters: readonly Node[];
  readonly body: Body;
};

/**
 * A macro, or the body of a call block: a function that sees the names of where it is written, not of where it is called. `render` gives the
 * text of its body. As in Jinja, it takes more arguments than it names only when it mentions `varargs`, `kwargs` or `caller`.
 */
export function toMacro(
  { name, parameters, body }: MacroParts,
  home: Frame,
  render: (body: Body, frame: Frame) => string,
): Callable {
  const extras = new Set(['varargs', 'kwargs', 'caller'].filter((extra) => mentions(body, extra)));
  return ({ positional, named }: Arguments) => {
    const frame = openFrame(home);
    const rest = new Map(named);
    const missing: { readonly key: string; readonly value: Node | null }[] = [];
    parameters.forEach((parameter, at) => {
      const { key, value } = readParameter(parameter);
      const given = at < positional.length ? positional[at] : rest.get(key);
      if (given === undefined) missing.push({ key, value });
      frame.names.set(
        key,
        given === undefined ? new Undefined(`parameter '${key}' was not provided`) : given,
      );
      rest.delete(key);
    });
    addExtras(name, frame, extras, positional.slice(parameters.length), rest);
    for (const { key, value } of missing) {
      if (value !== null) frame.names.set(key, evaluate(value, frame));
    }
    return render(body, frame);
  };
}

function addExtras(
  name: string,
  frame: Frame,
  extras: ReadonlySet<string>,
  positional: readonly Value[],
  named: Map<string, Value>,
): void {
  if (extras.has('caller') && !frame.names.has('caller')) {
    frame.names.set('caller', named.get('caller') ?? new Undefined('No caller defined'));
    named.delete('caller');
  }
  if (extras.has('kwargs')) frame.names.set('kwargs', new Map<Value, Value>(named));
  else if (named.size > 0) {
    fail(`macro '${name}' takes no keyword argument '${[...named.keys()].join("', '")}'`);
  }
  if (extras.has('varargs')) frame.names.set('varargs', new Tuple(positional));
  else if (positional.length > 0) fail(`macro '${name}' takes fewer arguments`);
}

function readParameter(node: Node): { readonly key: string; readonly value: Node | null } {
  if (node.type === 'Identifier') return { key: node.value, value: null };
  if (node.type === 'KeywordArgumentExpression') return { key: node.key.value, value: node.value };
  return fail('a parameter is a name');
}

function mentions(part: unknown, name: string): boolean {
  if (Array.isArray(part)) return part.some((each) => mentions(each, name));
  if (part instanceof Map) return mentions([...part].flat(), name);
  if (typeof part !== 'object' || part === null) return false;
  if ('type' in part && part.type === 'Identifier' && 'value' in part && part.value === name) {
    return true;
  }
  return Object.values(part).some((each) => mentions(each, name));
}
