import { getHeapStatistics } from 'node:v8';

import { openCollector } from '../collector.ts';
import { fail } from './failure.ts';

let mostBytes = Number.POSITIVE_INFINITY;
let collect: () => void = () => undefined;

/**
 * Limits the heap of this thread to what `checkMemory` lets through. V8's own limit has to lie well above it: at that one, V8 ends the thread
 * for many small allocations, and the whole process for a single large one.
 */
export function limitMemory(bytes: number): void {
  mostBytes = bytes;
  const collectAll = openCollector();
  if (collectAll === null)
    throw new Error('V8 gives no way to collect garbage: templates cannot be held to their memory');
  collect = () => {
    collectAll();
  };
}

/** Throws when this thread holds more than it may. To be called before anything large is made. */
export function checkMemory(): void {
  if (getHeapStatistics().used_heap_size <= mostBytes) return;
  collect();
  if (getHeapStatistics().used_heap_size > mostBytes) fail('it needed too much memory');
}
