import { openCollector } from '../prompts/chat/collector.ts';

let collect: NodeJS.GCFunction | null | undefined;

/** Gives back what nothing holds any more, in all of the process but other threads. Takes some 40 ms. Without V8's help nothing happens. */
export function collectGarbage(): void {
  if (collect === undefined) collect = openCollector();
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
