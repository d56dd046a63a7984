import type { Outcome } from './stats.ts';

/** A request for text as it came. */
export type Received = {
  readonly path: string;
  /** The reply's id. */
  readonly id: string;
  /** As parsed, before anything is filled in. */
  readonly body: unknown;
  /** Its length as it came. */
  readonly bodyBytes: number;
};

/** What became of it, by the names of `GET /sim/requests`. Times are milliseconds since the server's start. */
export type RequestRecord = {
  readonly path: string;
  readonly id: string;
  /** null: it was too long to be kept. */
  readonly body: unknown;
  /** null: it has not ended. */
  outcome: Outcome['kind'] | null;
  /** The finish reason, the failure, or the phase in which the client left. */
  why: Outcome['why'] | null;
  /** Of the answer, so far. */
  tokens: number;
  readonly arrived_ms: number;
  first_token_ms: number | null;
  ended_ms: number | null;
};

/** Longer bodies are not kept, so that the memory for 1,000 requests is bounded. */
const LONGEST_BODY_BYTES = 64 * 2 ** 10;

/** The last requests for text, for tests that compare what they sent with what arrived, and measure when. */
export class RequestLog {
  readonly #capacity: number;
  readonly #startMs = performance.now();
  readonly #records = new Set<RequestRecord>();

  /** `capacity`: how many are kept; 0: none, and so no body. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Milliseconds since the server's start. */
  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** The record, which its request keeps up to date whether it is kept or not. */
  add({ path, id, body, bodyBytes }: Received): RequestRecord {
    const record: RequestRecord = {
      path,
      id,
      body: this.#capacity > 0 && bodyBytes <= LONGEST_BODY_BYTES ? body : null,
      outcome: null,
      why: null,
      tokens: 0,
      arrived_ms: this.nowMs(),
      first_token_ms: null,
      ended_ms: null,
    };
    this.#records.add(record);
    const [eldest] = this.#records;
    if (eldest !== undefined && this.#records.size > this.#capacity) this.#records.delete(eldest);
    return record;
  }

  /** In the order of their arrival; no more than are kept. */
  last(count: number): readonly RequestRecord[] {
    return [...this.#records].slice(Math.max(0, this.#records.size - count));
  }
}
