/** How the bench's engine behaves, and what it counts. Spoken over IPC, so plain values. */

export type EngineMode = {
  /** Of each answer, whatever a request's own limit says. */
  readonly tokens: number;
  /** Between two tokens of an answer; 0: the whole answer leaves as one event, in the same write as the head. */
  readonly intervalMs: number;
  /** From a request to its first token; 0: the first event leaves in the same write as the head. */
  readonly firstTokenMs: number;
  /**
   * Each answer begins at a random token, with all text until there in its first event. Set while streams are opened and unset then, it
   * gives streams of all ages at once, instead of after a whole answer's time.
   */
  readonly isMidway?: boolean;
};

/** Since the engine began; take differences. */
export type EngineCounts = {
  /** For answers, whole or streamed. */
  readonly requests: number;
  /** Events with text that were written to a stream. */
  readonly chunks: number;
  /** Clients that left before their answer was over. */
  readonly departures: number;
};

/** From the bench. `break off`: every answer that is not over, by closing its connection. */
export type ToEngine = { readonly mode: EngineMode } | 'counts' | 'break off';

/** To the bench: the port once it listens, and an answer to each message, in their order. */
export type FromEngine = { readonly port: number } | { readonly counts: EngineCounts };
