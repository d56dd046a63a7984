/** Runs the statements of a template. */
import { fail } from '../values/failure.ts';
import { iterate } from '../values/iterate.ts';
import { checkLength } from '../values/limits.ts';
import { toText } from '../texts/print.ts';
import { Namespace, type Value, isTrue, typeName } from '../values/values.ts';
import { applyFilter, call, evaluate, evaluateArguments } from './expressions.ts';
import { type Frame, type Sink, openFrame } from './frame.ts';
import { createLoop } from './loop.ts';
import { toMacro } from './macros.ts';
import type { Body, Node } from './syntax.ts';

/** Where a block ended before its end. */
type Stop = 'break' | 'continue' | null;

/** The text of a template, or of a block of one. */
export function render(body: Body, frame: Frame): string {
  const sink: Sink = { text: '' };
  run(body, frame, sink);
  return sink.text;
}

function run(body: Body, frame: Frame, sink: Sink): Stop {
  for (const node of body) {
    const stop = runOne(node, frame, sink);
    if (stop !== null) return stop;
  }
  return null;
}

function runOne(node: Node, frame: Frame, sink: Sink): Stop {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- every expression ends in the default
  switch (node.type) {
    case 'Comment':
      return null;
    case 'Break':
      return 'break';
    case 'Continue':
      return 'continue';
    case 'If':
      return run(isTrue(evaluate(node.test, frame)) ? node.body : node.alternate, frame, sink);
    case 'For':
      runFor(node, frame, sink);
      return null;
    case 'Set':
      assign(
        node.assignee,
        node.value === null ? render(node.body, openFrame(frame)) : evaluate(node.value, frame),
        frame,
      );
      return null;
    case 'Macro':
      frame.names.set(
        node.name.value,
        toMacro({ name: node.name.value, parameters: node.args, body: node.body }, frame, render),
      );
      return null;
    case 'CallStatement':
      write(sink, runCall(node, frame));
      return null;
    case 'FilterStatement':
      write(sink, applyFilter(node.filter, render(node.body, openFrame(frame)), frame));
      return null;
    default:
      write(sink, evaluate(node, frame));
      return null;
  }
}

function write(sink: Sink, value: Value): void {
  sink.text += toText(value);
  checkLength(sink.text.length);
}

function runFor(node: Node & { readonly type: 'For' }, frame: Frame, sink: Sink): void {
  const items = chosenItems(node, frame);
  const { loop, turn } = createLoop(items, depthOf(frame) + 1);
  for (const [index, item] of items.entries()) {
    const own = openFrame(frame);
    turn(index);
    own.names.set('loop', loop);
    assign(node.loopvar, item, own);
    if (run(node.body, own, sink) === 'break') return;
  }
  if (items.length === 0) run(node.defaultBlock, openFrame(frame), sink);
}

/** `for item in items if condition`: what is not chosen does not count in `loop`. */
function chosenItems(node: Node & { readonly type: 'For' }, frame: Frame): readonly Value[] {
  if (node.iterable.type !== 'SelectExpression') return iterate(evaluate(node.iterable, frame));
  const { lhs, test } = node.iterable;
  return iterate(evaluate(lhs, frame)).filter((item) => {
    const own = openFrame(frame);
    assign(node.loopvar, item, own);
    return isTrue(evaluate(test, own));
  });
}

function depthOf(frame: Frame): number {
  for (let at: Frame | null = frame; at !== null; at = at.parent) {
    const loop = at.names.get('loop');
    if (loop instanceof Namespace) return Number(loop.names.get('depth'));
  }
  return 0;
}

function assign(target: Node, value: Value, frame: Frame): void {
  if (target.type === 'Identifier') frame.names.set(target.value, value);
  else if (target.type === 'TupleLiteral') {
    const values = iterate(value);
    const [given, wanted] = [values.length, target.value.length];
    if (given > wanted) fail(`too many values to unpack (expected ${String(wanted)})`);
    if (given < wanted) {
      fail(`not enough values to unpack (expected ${String(wanted)}, got ${String(given)})`);
    }
    target.value.forEach((each, at) => {
      assign(each, values[at] ?? null, frame);
    });
  } else if (target.type === 'MemberExpression' && target.property.type === 'Identifier') {
    const object = evaluate(target.object, frame);
    if (!(object instanceof Namespace)) {
      return fail(`cannot assign attribute on non-namespace object (${typeName(object)})`);
    }
    object.names.set(target.property.value, value);
  } else fail('only a name can be set');
}

/** `{% call(x) macro() %}…{% endcall %}`: the macro gets the block as its `caller`. */
function runCall(node: Node & { readonly type: 'CallStatement' }, frame: Frame): Value {
  const caller = toMacro(
    { name: 'caller', parameters: node.callerArgs ?? [], body: node.body },
    frame,
    render,
  );
  const { positional, named } = evaluateArguments(node.call.args, frame);
  return call(evaluate(node.call.callee, frame), {
    positional,
    named: new Map(named).set('caller', caller),
  });
}
