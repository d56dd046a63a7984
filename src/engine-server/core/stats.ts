import type { FinishReason } from './steps.ts';

/** Why the engine did not answer, or not to the end. But for the last two the names are those of the faults. */
const FAILURES = [
  'refuse',
  'status',
  'die_at_token',
  'die_at_byte',
  'error_at_token',
  'half_event_at_token',
  'queue_full',
  'other',
] as const;

export type Failure = (typeof FAILURES)[number];

/** What a client that left had still been waiting for: a place or the head of the reply, the first token, or the rest. */
type AbortPhase = 'waiting' | 'before_first_token' | 'mid_stream';

/** How a request for text ended: with a finish reason, by the engine's failure, or because its client left. */
export type Outcome =
  | { readonly kind: 'completed'; readonly why: FinishReason }
  | { readonly kind: 'failed'; readonly why: Failure }
  | { readonly kind: 'aborted'; readonly why: AbortPhase };

/**
 * What happened so far, by the names of `GET /sim/stats`. At every moment `requests` = `waiting` + `running` + `completed` + `aborted` +
 * `failed`; and `completed`, `aborted` and `failed` are the sums of their kinds.
 */
export type Stats = {
  /** Valid requests for text. */
  requests: number;
  /** Requests answered with a 4xx of the server's own making. */
  rejected: number;
  waiting: number;
  /** Most that waited for a place at the same time. */
  peak_waiting: number;
  running: number;
  peak_running: number;
  completed: number;
  readonly finished: Record<FinishReason, number>;
  /** The client left before the end, in any phase. */
  aborted: number;
  aborted_waiting: number;
  aborted_before_first_token: number;
  aborted_mid_stream: number;
  /** The engine failed, mostly by a fault that was set. */
  failed: number;
  readonly failed_by: Record<Failure, number>;
  /** Tokens of the prompts whose generation began. */
  prompt_tokens: number;
  /** Tokens generated, also those of answers that did not end. */
  completion_tokens: number;
  /** Tokens of prompts that were looked up in the prefix cache. */
  prefix_cache_queries: number;
  /** Those that were in it. */
  prefix_cache_hits: number;
  /** Events of streams, `[DONE]` included. */
  events_sent: number;
  /** Bytes of replies to valid requests for text, without HTTP's heads and framing. */
  bytes_sent: number;
  /** Sockets, the one that asks included. */
  open_connections: number;
};

export function createStats(): Stats {
  return {
    requests: 0,
    rejected: 0,
    waiting: 0,
    peak_waiting: 0,
    running: 0,
    peak_running: 0,
    completed: 0,
    finished: { stop: 0, length: 0 },
    aborted: 0,
    aborted_waiting: 0,
    aborted_before_first_token: 0,
    aborted_mid_stream: 0,
    failed: 0,
    failed_by: Object.fromEntries(FAILURES.map((name) => [name, 0])) as Record<Failure, number>,
    prompt_tokens: 0,
    completion_tokens: 0,
    prefix_cache_queries: 0,
    prefix_cache_hits: 0,
    events_sent: 0,
    bytes_sent: 0,
    open_connections: 0,
  };
}

/** Counts the end of one request. Its phase before is the caller's to count. */
export function countOutcome(stats: Stats, outcome: Outcome): void {
  stats[outcome.kind] += 1;
  if (outcome.kind === 'completed') stats.finished[outcome.why] += 1;
  else if (outcome.kind === 'failed') stats.failed_by[outcome.why] += 1;
  else stats[`aborted_${outcome.why}`] += 1;
}
