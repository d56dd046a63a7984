import { attributeOf, itemOf } from '../methods/attributes.ts';
import { Undefined, type Value } from '../values/values.ts';

/** What `map(attribute='a.b')` and its relatives read of each item: a path of keys, with `otherwise` for what is not there. */
export function toGetter(path: Value | undefined, otherwise?: Value): (item: Value) => Value {
  if (path === undefined || path === null) return (item) => item;
  if (typeof path !== 'string') return (item) => itemOf(item, path);
  const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  return (item) => {
    const found = steps.reduce<Value>((value, step) => {
      if (value instanceof Undefined && otherwise !== undefined) return value;
      return itemOf(value, step);
    }, item);
    return found instanceof Undefined && otherwise !== undefined ? otherwise : found;
  };
}

/** `attr('name')`: an attribute, never a key. */
export function attributeOnly(value: Value, name: string): Value {
  const found = attributeOf(value, name);
  return typeof found === 'function'
    ? found
    : new Undefined(`the object has no attribute '${name}'`);
}
