import { openCollector } from '../prompts/chat/collector.ts';

let collect: NodeJS.GCFunction | null = null;

/** Gives back what nothing holds any more, in all of the process but other threads. Takes some 40 ms. */
export function collectGarbage(): void {
  collect ??= openCollector();
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
