/** What a service's engines are together, and how that is told to who wanted one of them. */
import { LlmOpsError } from '../../../errors.ts';
import type { ErrorCode } from '../../../errors.ts';
import type { EngineProgress } from '../../live/engine-progress.ts';
import { canServe } from '../health.ts';
import type { ReplicaState } from '../health.ts';

/** What a service can say of its engines to who asks after them. */
export type ServiceState = {
  /** Of the service, which has no state `failing`: it is served, by the engine that fails. */
  readonly state: Exclude<ReplicaState, 'failing'>;
  readonly replicas: Readonly<Record<string, ReplicaState>>;
  /** Of the replicas that are not ready, as far as it is known. */
  readonly progress: EngineProgress;
};

/** How long a client should wait before it asks again while an engine starts. */
const RETRY_AFTER_S = 5;

/** The best that any replica can say of itself. */
export function bestOf(states: readonly ReplicaState[]): ServiceState['state'] {
  if (states.some(canServe)) return 'ready';
  const order = ['loading', 'starting', 'stalled', 'down'] as const;
  return order.find((state) => states.includes(state)) ?? 'starting';
}

/** The refusal that says what the engines are doing. */
export function notReady(
  service: string,
  { state: seen, replicas, progress }: ServiceState,
): LlmOpsError {
  // It became ready just now, or it is another one that is.
  const state = seen === 'ready' ? 'loading' : seen;
  const { code, words } = NOT_READY[state];
  const phrases = [...new Set(Object.values(progress))];
  const message = [`${service}: ${words}`, ...(phrases.length > 0 ? [phrases.join('; ')] : [])];
  return new LlmOpsError(code, message.join(': '), {
    details: {
      service,
      state,
      replicas,
      ...(phrases.length > 0 && { progress }),
      retry_after_s: RETRY_AFTER_S,
    },
  });
}

type NotReady = { readonly code: ErrorCode; readonly words: string };

const NOT_READY: Readonly<Record<Exclude<ServiceState['state'], 'ready'>, NotReady>> = {
  starting: { code: 'engine_starting', words: 'the engine is starting' },
  loading: { code: 'engine_loading', words: 'the engine is loading its model' },
  stalled: { code: 'engine_unavailable', words: 'the engine does not make progress' },
  down: { code: 'engine_unavailable', words: 'the engine does not answer' },
};
