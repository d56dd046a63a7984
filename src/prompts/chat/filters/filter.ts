import type { Arguments, Value } from '../values/values.ts';

/** `{{ value|name(arguments) }}`. */
export type Filter = (value: Value, args: Arguments) => Value;

export type Filters = Readonly<Record<string, Filter>>;
