/** The value of an expression, as Python's Jinja computes it. */
import { findFilter } from '../filters/table.ts';
import { passes } from '../filters/tests.ts';
import { attributeOf, itemOf } from '../methods/attributes.ts';
import { slice } from '../methods/slice.ts';
import { compare, isEqual, isIn } from '../values/compare.ts';
import { fail, failUndefined } from '../values/failure.ts';
import { iterate } from '../values/iterate.ts';
import { negate, operate } from '../values/operators.ts';
import {
  type Arguments,
  Float,
  Tuple,
  Undefined,
  type Value,
  isDict,
  isTrue,
  typeName,
} from '../values/values.ts';
import { type Frame, lookUp } from './frame.ts';
import type { FilterNode, Node } from './syntax.ts';
import { NEGATED, TEST_PREFIX } from './tests-with-arguments.ts';

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

export function evaluate(node: Node, frame: Frame): Value {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- what is no expression ends in the default
  switch (node.type) {
    case 'Identifier':
      return CONSTANTS.has(node.value)
        ? (CONSTANTS.get(node.value) ?? null)
        : lookUp(frame, node.value);
    case 'StringLiteral':
    case 'IntegerLiteral':
      return node.value;
    case 'FloatLiteral':
      return new Float(node.value);
    case 'ArrayLiteral':
      return node.value.map((item) => evaluate(item, frame));
    case 'TupleLiteral':
      return new Tuple(node.value.map((item) => evaluate(item, frame)));
    case 'ObjectLiteral':
      return new Map(
        Array.from(node.value, ([key, value]) => [evaluate(key, frame), evaluate(value, frame)]),
      );
    case 'MemberExpression':
      return evaluateMember(node, frame);
    case 'CallExpression':
      return call(evaluate(node.callee, frame), evaluateArguments(node.args, frame));
    case 'BinaryExpression':
      return evaluateBinary(node.operator.value, node.left, node.right, frame);
    case 'UnaryExpression': {
      const value = evaluate(node.argument, frame);
      return node.operator.value === 'not' ? !isTrue(value) : negate(node.operator.value, value);
    }
    case 'FilterExpression':
      return applyFilter(node.filter, evaluate(node.operand, frame), frame);
    case 'TestExpression':
      return passes(node.test.value, evaluate(node.operand, frame), null) !== node.negate;
    case 'Ternary':
      return evaluate(
        isTrue(evaluate(node.condition, frame)) ? node.trueExpr : node.falseExpr,
        frame,
      );
    case 'SelectExpression':
      return isTrue(evaluate(node.test, frame))
        ? evaluate(node.lhs, frame)
        : new Undefined('the inline if-expression was false and has no else');
    default:
      return fail(`${node.type} is not supported here`);
  }
}

/** `value|filter`. Also a test with an argument, which the compiler writes as a filter. */
export function applyFilter(filter: FilterNode, value: Value, frame: Frame): Value {
  const name = filter.type === 'Identifier' ? filter : filter.callee;
  if (name.type !== 'Identifier') return fail('a filter is called by its name');
  const args = evaluateArguments(filter.type === 'Identifier' ? [] : filter.args, frame);
  if (!name.value.startsWith(TEST_PREFIX)) return findFilter(name.value)(value, args);
  const test = name.value.slice(TEST_PREFIX.length);
  const isNegated = test.startsWith(NEGATED);
  const [argument = null] = args.positional;
  return passes(isNegated ? test.slice(NEGATED.length) : test, value, argument) !== isNegated;
}

export function evaluateArguments(nodes: readonly Node[], frame: Frame): Arguments {
  const positional: Value[] = [];
  const named = new Map<string, Value>();
  for (const node of nodes) {
    if (node.type === 'KeywordArgumentExpression') {
      named.set(node.key.value, evaluate(node.value, frame));
    } else if (node.type === 'SpreadExpression') {
      positional.push(...iterate(evaluate(node.argument, frame)));
    } else if (node.type === 'KeywordSpreadExpression') {
      const more = evaluate(node.argument, frame);
      if (!isDict(more)) return fail(`argument after ** must be a mapping, not ${typeName(more)}`);
      for (const [key, value] of more) {
        named.set(typeof key === 'string' ? key : fail('keywords must be strings'), value);
      }
    } else positional.push(evaluate(node, frame));
  }
  return { positional, named };
}

export function call(callee: Value, args: Arguments): Value {
  if (typeof callee === 'function') return callee(args);
  if (callee instanceof Undefined) return failUndefined(callee);
  return fail(`'${typeName(callee)}' object is not callable`);
}

function evaluateMember(node: Node & { readonly type: 'MemberExpression' }, frame: Frame): Value {
  const object = evaluate(node.object, frame);
  const { property } = node;
  if (property.type === 'SliceExpression') {
    const part = (bound: Node | undefined): Value =>
      bound === undefined ? null : evaluate(bound, frame);
    return slice(object, part(property.start), part(property.stop), part(property.step));
  }
  return !node.computed && property.type === 'Identifier'
    ? attributeOf(object, property.value)
    : itemOf(object, evaluate(property, frame));
}

function evaluateBinary(sign: string, leftNode: Node, rightNode: Node, frame: Frame): Value {
  const left = evaluate(leftNode, frame);
  if (sign === 'and') return isTrue(left) ? evaluate(rightNode, frame) : left;
  if (sign === 'or') return isTrue(left) ? left : evaluate(rightNode, frame);
  const right = evaluate(rightNode, frame);
  switch (sign) {
    case '==':
      return isEqual(left, right);
    case '!=':
      return !isEqual(left, right);
    case 'in':
      return isIn(left, right);
    case 'not in':
      return !isIn(left, right);
    case '<':
      return compare(left, right, sign) < 0;
    case '<=':
      return compare(left, right, sign) <= 0;
    case '>':
      return compare(left, right, sign) > 0;
    case '>=':
      return compare(left, right, sign) >= 0;
    default:
      return operate(sign, left, right);
  }
}
