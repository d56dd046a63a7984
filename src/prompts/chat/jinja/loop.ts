import { fail } from '../values/failure.ts';
import { isEqual } from '../values/compare.ts';
import { type Callable, Namespace, Undefined, type Value } from '../values/values.ts';

/** What the body of a `for` knows as `loop`. `turn` says which item it is at. */
export function createLoop(
  items: readonly Value[],
  depth: number,
): { readonly loop: Namespace; readonly turn: (index: number) => void } {
  let at = 0;
  let last: readonly Value[] | null = null;

  const cycle: Callable = ({ positional }) => {
    if (positional.length === 0) fail('no items for cycling given');
    return positional[at % positional.length] ?? null;
  };
  const changed: Callable = ({ positional }) => {
    const isSame = last !== null && isEqual([...last], [...positional]);
    last = positional;
    return !isSame;
  };
  const names = new Map<string, Value>([
    ['length', items.length],
    ['depth', depth],
    ['depth0', depth - 1],
    ['cycle', cycle],
    ['changed', changed],
  ]);

  function turn(index: number): void {
    at = index;
    names.set('index', index + 1);
    names.set('index0', index);
    names.set('revindex', items.length - index);
    names.set('revindex0', items.length - index - 1);
    names.set('first', index === 0);
    names.set('last', index === items.length - 1);
    names.set('previtem', neighbour(items[index - 1], 'there is no previous item'));
    names.set('nextitem', neighbour(items[index + 1], 'there is no next item'));
  }

  return { loop: new Namespace(names), turn };
}

function neighbour(item: Value | undefined, why: string): Value {
  return item === undefined ? new Undefined(why) : item;
}
