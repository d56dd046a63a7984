import { type Undefined } from './values.ts';

/** Ends the rendering with a message for whoever sent the messages, in the words of Python's Jinja where it has some. */
export function fail(message: string): never {
  throw new Error(message);
}

/** Ends the rendering because something is used that is not there. */
export function failUndefined(value: Undefined): never {
  throw new Error(value.why);
}
