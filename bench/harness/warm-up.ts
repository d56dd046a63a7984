/**
 * Brings a program that compiles while it runs to where it is in life: V8 goes on with that for tens of thousands of requests, on threads of
 * its own, and until then every step takes several times as long.
 */
import type { RunningTarget, TargetName } from '../targets/target.ts';
import { askMany } from './client/ask-many.ts';
import { openStreams } from './client/streams.ts';
import type { BenchEngine } from './engine/engine.ts';

/** Programs of JavaScript. nginx and the engine of the bench itself do the first request as the last. */
const COMPILED_AT_RUN_TIME: ReadonlySet<TargetName> = new Set(['portkey', 'ours']);
const CONNECTIONS = 50;
const AT_ONCE = { tokens: 32, intervalMs: 0, firstTokenMs: 0 };
/** Short answers: streams begin and end more often than they do later. */
const STREAMED = { tokens: 20, intervalMs: 1, firstTokenMs: 0 };

export function needsWarmUp({ name }: RunningTarget): boolean {
  return COMPILED_AT_RUN_TIME.has(name);
}

/** As many plain requests as go, for a time; none of a target that needs them not. Leaves the engine in a mode of its own. */
export async function warmUpRequests(
  target: RunningTarget,
  { engine, durationMs }: { readonly engine: BenchEngine; readonly durationMs: number },
): Promise<void> {
  if (!needsWarmUp(target)) return;
  const { port, shapes } = target;
  await engine.setMode(AT_ONCE);
  await askMany({ port, shape: shapes.plain, connections: CONNECTIONS, durationMs });
}

/** As many streams as go one after the other on some connections, for a time; none of a target that needs them not. Leaves the engine in a mode of its own. */
export async function warmUpStreams(
  target: RunningTarget,
  { engine, durationMs }: { readonly engine: BenchEngine; readonly durationMs: number },
): Promise<void> {
  if (!needsWarmUp(target)) return;
  const { port, shapes } = target;
  await engine.setMode(STREAMED);
  const streams = openStreams({
    ...{ port, shape: shapes.stream, form: 'events' },
    concurrency: CONNECTIONS,
  });
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  streams.stop();
  await engine.breakOff();
}
