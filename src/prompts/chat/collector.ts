import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Threads that start at once take the flag from each other for less than a context takes to be made: about a millisecond. */
const MOST_TRIES = 100;

/**
 * V8's own collection, of the thread that asks; null where V8 does not give it. Only a context that was
 * made under `--expose-gc` has it. The flag is one of the whole process, under which nothing can be used that Node kept as compiled without
 * it: so it is set only while a context is made. Another thread may put it back meanwhile, as it does here.
 */
export function openCollector(): NodeJS.GCFunction | null {
  for (let tried = 0; tried < MOST_TRIES; tried += 1) {
    setFlagsFromString('--expose-gc');
    const found = runInNewContext('globalThis.gc') as NodeJS.GCFunction | undefined;
    setFlagsFromString('--no-expose-gc');
    if (found !== undefined) return found;
  }
  return null;
}
