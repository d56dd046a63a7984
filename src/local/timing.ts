/** How long the local runtime waits for what. All in milliseconds; tests pass shorter ones. */
export type Timing = {
  /** Before a child that ended is started again; doubles each time. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** A child that worked this long starts again with the first pause. */
  readonly resetAfterMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Between two looks at a process, a port or a file. */
  readonly pollMs: number;
  /** An engine that lives this long counts as started although it does not listen yet. */
  readonly settleMs: number;
  /** For the front process to take connections. */
  readonly startTimeoutMs: number;
  /** Between two looks at an engine that is ready. */
  readonly lookMs: number;
};

export const TIMING: Timing = {
  firstPauseMs: 1_000,
  maxPauseMs: 60_000,
  resetAfterMs: 60_000,
  graceMs: 10_000,
  pollMs: 100,
  settleMs: 2_000,
  startTimeoutMs: 60_000,
  lookMs: 5_000,
};
