/**
 * What a template may build at most. V8's limit of a thread's heap is not enough: it ends the whole process, not the thread, when one text,
 * array or map is larger than what is left.
 */
import { fail } from './failure.ts';
import { checkMemory } from './memory.ts';

/** Characters (UTF-16 units) of one text: three times a body of 10 MB. */
export const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Elements of one list, and values in all that a request brings. */
export const MOST_ITEMS = 1_000_000;

/** Keys of one dict. V8 needs far more room for these while a map grows. */
const MOST_KEYS = 100_000;

/** `MAX_RANGE` of Jinja's sandbox. */
export const MOST_OF_A_RANGE = 100_000;

/** What is smaller needs no look at the memory. */
const LARGE = 64 * 1024;

/** The text, unless it is too long. A text that is made at once is to be checked before, by its length. */
export function bounded(text: string): string {
  checkLength(text.length);
  return text;
}

/** To be called before a text of that many characters is made, or read: V8 joins the parts of a text when it is read first. */
export function checkLength(characters: number): void {
  if (!(characters <= MOST_CHARACTERS)) {
    fail(`the template makes a text of more than ${String(MOST_CHARACTERS)} characters`);
  }
  if (characters > LARGE) checkMemory();
}

export function checkKeys(keys: number): void {
  if (!(keys <= MOST_KEYS)) fail(`an object has more than ${String(MOST_KEYS)} keys`);
  if (keys > LARGE / 8) checkMemory();
}

export function checkCount(items: number): void {
  if (!(items <= MOST_ITEMS)) {
    fail(`the template makes a list of more than ${String(MOST_ITEMS)} elements`);
  }
  if (items > LARGE) checkMemory();
}
