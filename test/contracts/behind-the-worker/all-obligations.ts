import type { Obligation } from '../obligation.ts';
import { ANSWERS } from './answers.ts';
import { COUNTS } from './counts.ts';
import { DEATHS } from './deaths.ts';
import { DEPARTURES } from './departures.ts';
import { LIMITS } from './limits.ts';
import { STOPS } from './stops.ts';
import type { ServedEngine } from './worker-client.ts';

/** What our users may rely on, whichever engine stands behind the worker. */
export const WORKER_OBLIGATIONS: readonly Obligation<ServedEngine>[] = [
  ...ANSWERS,
  ...COUNTS,
  ...STOPS,
  ...LIMITS,
  ...DEPARTURES,
  ...DEATHS,
];
