/** Waits until every service of a stack is ready, or until it is clear that one will not be. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { ObservedUnit } from '../plan/diff.ts';
import type { Readiness } from './ask-readiness.ts';

export type WaitOutcome =
  | { readonly kind: 'ready' }
  | { readonly kind: 'timeout'; readonly waiting: readonly string[] }
  | {
      readonly kind: 'unit_failed';
      readonly unit: ObservedUnit;
      readonly waiting: readonly string[];
    }
  | { readonly kind: 'interrupted'; readonly waiting: readonly string[] };

export type WaitOptions = {
  readonly services: readonly string[];
  readonly ask: (service: string, signal: AbortSignal) => Promise<Readiness>;
  readonly observe: () => Promise<readonly ObservedUnit[]>;
  /** Called for each service when its state changes, or what is told of it. */
  readonly onChange: (service: string, readiness: Readiness) => void;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
};

/** Asks all services at once, again and again. Throws only what `observe` throws. */
export async function waitUntilReady(options: WaitOptions): Promise<WaitOutcome> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const ends = AbortSignal.any([options.signal, deadline]);
  const last = new Map<string, Readiness>();
  const judge = buildUnitJudge();
  for (;;) {
    await Promise.all(
      options.services.map(async (service) => {
        const readiness = await options.ask(service, ends);
        if (ends.aborted) return;
        const before = last.get(service);
        last.set(service, readiness);
        if (before?.state !== readiness.state || before.detail !== readiness.detail)
          options.onChange(service, readiness);
      }),
    );
    const waiting = options.services.filter((service) => last.get(service)?.isReady !== true);
    if (waiting.length === 0) return { kind: 'ready' };
    if (options.signal.aborted) return { kind: 'interrupted', waiting };
    if (deadline.aborted) return { kind: 'timeout', waiting };
    const unit = judge(await options.observe());
    if (unit !== null) return { kind: 'unit_failed', unit, waiting };
    await sleep(options.intervalMs, undefined, { signal: ends }).catch(() => undefined);
  }
}

const RESTARTS_TO_GIVE_UP = 3;

/**
 * Names the unit that will not come up. A unit counts as stopped when it was found so twice in a row (once may be the moment
 * between its making and its start), and as hopeless when it came back for the third time: a runtime would restart an engine with a
 * wrong argument for ever. A runtime that counts restarts itself is believed: one that waits longer each time is found on the same
 * way back at every look, while the lives between are too short to be seen.
 */
export function buildUnitJudge(): (units: readonly ObservedUnit[]) => ObservedUnit | null {
  let before = new Map<string, ObservedUnit['state']>();
  const restarts = new Map<string, number>();
  const counted = new Map<string, number>();
  return (units) => {
    const previous = before;
    before = new Map(units.map((unit) => [unit.name, unit.state]));
    for (const unit of units) {
      const then = previous.get(unit.name);
      if (unit.state === 'stopped' && then === 'stopped') return unit;
      if (unit.restarts !== undefined) {
        // What happened before is history, and one that was made anew counts from nothing.
        const start = Math.min(counted.get(unit.name) ?? unit.restarts, unit.restarts);
        counted.set(unit.name, start);
        if (unit.restarts - start >= RESTARTS_TO_GIVE_UP) return unit;
        continue;
      }
      if (unit.state !== 'restarting' || then === 'restarting') continue;
      const count = (restarts.get(unit.name) ?? 0) + 1;
      restarts.set(unit.name, count);
      if (count >= RESTARTS_TO_GIVE_UP) return unit;
    }
    return null;
  };
}
