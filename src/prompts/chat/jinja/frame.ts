import { Undefined, type Value } from '../values/values.ts';

/** The names of one scope. A loop's every turn has one of its own, so what it sets is gone in the next. */
export type Frame = { readonly names: Map<string, Value>; readonly parent: Frame | null };

export function openFrame(parent: Frame | null): Frame {
  return { names: new Map(), parent };
}

export function lookUp(frame: Frame, name: string): Value {
  for (let at: Frame | null = frame; at !== null; at = at.parent) {
    const value = at.names.get(name);
    if (value !== undefined) return value;
  }
  return new Undefined(`'${name}' is undefined`);
}

/** The text that a block writes. */
export type Sink = { text: string };
