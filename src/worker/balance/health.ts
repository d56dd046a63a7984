/**
 * What is known of one engine, from looks at it and from what became of the requests to it. Pure: events in, the next state out.
 *
 * Looks (the engine's own `/health`) decide between starting, loading, ready and down. They do not show everything: a server answers them
 * while the engine behind it is stuck. So what the requests show can take an engine out of the choice (an ejection), in one of two ways:
 * - failing: requests failed in a row before any text. It is passed over while another is ready, and still used when none is: a bad answer
 *   is quick, and perhaps only those requests were bad.
 * - stalled: requests waited there for the idle limit, and none of them got anything. It is used for nothing: a client would only lose the
 *   time until that limit.
 * Neither comes back by a look. A canary (one token, generated) must come through, or an answer be completed; the canary waits 1 s, and
 * twice as long after each time that it, or what came after it, failed. An engine that goes down, or says that it loads, begins anew: that
 * is another process, or one that knows its own state.
 */
import type { EngineState } from '../../engines/engine.ts';

/** starting: it never answered yet. down: it did, and now nothing listens. */
export type ReplicaState = 'starting' | 'loading' | 'ready' | 'failing' | 'stalled' | 'down';

export type Health = {
  readonly state: ReplicaState;
  readonly hasAnswered: boolean;
  /** Looks in a row that were not answered in time. */
  readonly missedLooks: number;
  /** Requests in a row that failed before any text. */
  readonly failures: number;
  /** Ejections and failed canaries since an answer was last completed. */
  readonly ejections: number;
  /** No canary is sent before, in the milliseconds of `performance.now()`. */
  readonly canaryAtMs: number;
};

export type HealthEvent =
  /** `hasProgressed`: a request got something since the last look. */
  | { readonly kind: 'looked'; readonly seen: EngineState; readonly hasProgressed: boolean }
  /** A request found that nothing listens. */
  | { readonly kind: 'lost' }
  /** A request got its whole answer. */
  | { readonly kind: 'answered' }
  /** A request failed before any text, by the engine's fault. */
  | { readonly kind: 'failed' }
  /** Requests waited for the idle limit, and none got anything. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'canary'; readonly isWell: boolean };

export const UNKNOWN: Health = {
  state: 'starting',
  hasAnswered: false,
  missedLooks: 0,
  failures: 0,
  ejections: 0,
  canaryAtMs: 0,
};

/** A busy engine may miss a look or two without being less ready for it. */
const LOOKS_TO_MISS = 3;

/** One may be the request's fault, and two bad luck. */
const FAILURES_TO_EJECT = 3;

const FIRST_EJECTION_MS = 1_000;
const LONGEST_EJECTION_MS = 60_000;

/** Whether requests may go there, if need be. */
export function canServe(state: ReplicaState): boolean {
  return state === 'ready' || state === 'failing';
}

/** Whether only a canary, or a completed answer, brings it back. */
export function isEjected(state: ReplicaState): boolean {
  return state === 'failing' || state === 'stalled';
}

/** `nowMs` as `performance.now()` tells it. */
export function nextHealth(health: Health, event: HealthEvent, nowMs: number): Health {
  switch (event.kind) {
    case 'looked':
      return looked(health, event);
    case 'lost':
      return gone(health);
    case 'answered':
      return { ...health, state: readmitted(health.state), failures: 0, ejections: 0 };
    case 'failed': {
      if (health.state !== 'ready') return health;
      const failures = health.failures + 1;
      if (failures < FAILURES_TO_EJECT) return { ...health, failures };
      return ejected({ ...health, state: 'failing', failures }, nowMs);
    }
    case 'stalled':
      // Nothing can be expected of one that is down, and one that is stalled has its canary on the way.
      if (!canServe(health.state) && health.state !== 'loading') return health;
      return ejected({ ...health, state: 'stalled' }, nowMs);
    case 'canary':
      if (!isEjected(health.state)) return health;
      if (!event.isWell) return ejected(health, nowMs);
      // On trial: the next failure is enough.
      return { ...health, state: 'ready', failures: FAILURES_TO_EJECT - 1 };
  }
}

function looked(
  health: Health,
  { seen, hasProgressed }: Extract<HealthEvent, { kind: 'looked' }>,
): Health {
  if (seen === 'down') return gone(health);
  if (seen === 'loading') return { ...UNKNOWN, state: 'loading', hasAnswered: true };
  const answered = { ...health, hasAnswered: true };
  if (seen === 'ready') {
    return { ...answered, state: isEjected(health.state) ? health.state : 'ready', missedLooks: 0 };
  }
  // Who works for others is only too busy to talk.
  const missedLooks = hasProgressed ? 0 : health.missedLooks + 1;
  const isPatient = canServe(health.state) && missedLooks < LOOKS_TO_MISS;
  const without = isEjected(health.state) ? 'stalled' : 'loading';
  return { ...answered, state: isPatient ? health.state : without, missedLooks };
}

function gone({ hasAnswered }: Health): Health {
  return { ...UNKNOWN, state: hasAnswered ? 'down' : 'starting', hasAnswered };
}

function readmitted(state: ReplicaState): ReplicaState {
  return isEjected(state) ? 'ready' : state;
}

function ejected(health: Health, nowMs: number): Health {
  const waitMs = Math.min(FIRST_EJECTION_MS * 2 ** health.ejections, LONGEST_EJECTION_MS);
  return { ...health, ejections: health.ejections + 1, canaryAtMs: nowMs + waitMs };
}
