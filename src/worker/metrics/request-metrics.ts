/** What is counted and timed of requests for answers. */
import { Gauge } from './prometheus.ts';
import type { Registry } from 'prom-client';
import type { EndedRequest } from '../http/request-outcome.ts';
import type { RequestTrace } from '../answer/request-trace.ts';
import { BucketHistogram } from './bucket-histogram.ts';
import { keyOf, LABELS, labelsOf } from './labels.ts';
import type { Labels } from './labels.ts';
import { Tally } from './tally.ts';
import type { Count } from './tally.ts';

const SECONDS = {
  queue: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  firstToken: [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 30, 60,
  ],
  gap: [
    0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5,
    10,
  ],
  duration: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600],
};

/** A request under way, with the tokens of it that the counters have already. */
type Open = { readonly trace: RequestTrace; tokensIn: number; tokensOut: number };

/** A set of labels in use, with all that is counted for it. */
type Series = {
  readonly labels: Labels;
  readonly requests: Map<string, Count>;
  readonly aborts: Map<string, Count>;
  readonly retries: Count;
  readonly tokensIn: Count;
  readonly tokensOut: Count;
  readonly bytes: Count;
};

export class RequestMetrics {
  readonly #open = new Set<Open>();
  readonly #series = new Map<string, Series>();
  readonly #requests;
  readonly #aborts;
  readonly #retries;
  readonly #tokensIn;
  readonly #tokensOut;
  readonly #bytes;
  readonly #queue;
  readonly #firstToken;
  readonly #gap;
  readonly #duration;

  constructor(registry: Registry) {
    const counter = (name: string, help: string) => new Tally({ name, help }).register(registry);
    const histogram = (name: string, help: string, buckets: readonly number[]) =>
      new BucketHistogram({ name, help, buckets }).register(registry);
    this.#requests = counter(
      'llm_ops_requests_total',
      'Requests for an answer that ended, by their outcome.',
    );
    this.#aborts = counter(
      'llm_ops_aborts_total',
      'Requests whose client left before it had the whole answer, by what it had been given so far.',
    );
    this.#retries = counter(
      'llm_ops_retries_total',
      'Times that a request was sent to another replica, by the last one.',
    );
    this.#tokensIn = counter('llm_ops_prompt_tokens_total', 'Tokens of prompts, as engines count.');
    this.#tokensOut = counter(
      'llm_ops_completion_tokens_total',
      'Tokens of answers, also of those that were left, as engines count.',
    );
    this.#bytes = counter('llm_ops_reply_bytes_total', 'Bytes of replies, with their heads.');
    this.#queue = histogram(
      'llm_ops_queue_seconds',
      'Wait for a place at the engine, also where none was got.',
      SECONDS.queue,
    );
    this.#firstToken = histogram(
      'llm_ops_time_to_first_token_seconds',
      'From the arrival of a request to the first text of its answer.',
      SECONDS.firstToken,
    );
    this.#gap = histogram(
      'llm_ops_text_gap_seconds',
      'Between two pieces of text of an answer as its engine sends them.',
      SECONDS.gap,
    );
    this.#duration = histogram(
      'llm_ops_request_duration_seconds',
      'From the arrival of a request to the end of its reply, of requests that were sent to a replica.',
      SECONDS.duration,
    );
    this.#addInProgress(registry);
  }

  /** Follows a request from now on, until the function that it returns is called. */
  follow(trace: RequestTrace): (ended: EndedRequest) => void {
    const open = { trace, tokensIn: 0, tokensOut: 0 };
    this.#open.add(open);
    trace.onFirstText = () => {
      const { labels } = this.#seriesOf(trace);
      this.#firstToken.labels(labels).observe(seconds(trace.arrivedAt, trace.firstTextAt));
      // From here on the replica stays the same, so that no piece has to look for its series.
      const gap = this.#gap.labels(labels);
      trace.onGap = (gapMs) => gap.observe(gapMs / 1000);
    };
    return (ended) => {
      this.#open.delete(open);
      this.#countTokens(open);
      this.#count(ended);
    };
  }

  /** Brings up to date, before a scrape, what else is counted when a request ends: answers may take minutes. */
  catchUp(): void {
    for (const open of this.#open) this.#countTokens(open);
  }

  /** Begins the series of a replica, so that its first request is an increase from 0. */
  begin(labels: Labels): void {
    if (!this.#series.has(keyOf(labels))) this.#begin(labels);
  }

  /** Does away with the series that nothing is left of. */
  prune(isConfigured: (labels: Labels) => boolean): void {
    for (const [key, { labels, requests, aborts }] of this.#series) {
      if (isConfigured(labels)) continue;
      this.#series.delete(key);
      for (const outcome of requests.keys()) this.#requests.remove({ ...labels, outcome });
      for (const phase of aborts.keys()) this.#aborts.remove({ ...labels, phase });
      for (const counter of [this.#retries, this.#tokensIn, this.#tokensOut, this.#bytes])
        counter.remove(labels);
      for (const histogram of [this.#queue, this.#firstToken, this.#gap, this.#duration])
        histogram.remove(labels);
    }
  }

  #count({ trace, outcome, bytes, endedAt }: EndedRequest): void {
    const series = this.#seriesOf(trace);
    const { labels } = series;
    countOf(series.requests, outcome, () => this.#requests.labels({ ...labels, outcome })).add(1);
    if (outcome === 'client_left') {
      const phase = phaseOf(trace);
      countOf(series.aborts, phase, () => this.#aborts.labels({ ...labels, phase })).add(1);
    }
    series.bytes.add(bytes);
    const { queuedAt, admittedAt } = trace;
    if (queuedAt !== null || admittedAt !== null)
      this.#queue
        .labels(labels)
        .observe(seconds(queuedAt ?? trace.arrivedAt, admittedAt ?? endedAt));
    if (trace.attempts === 0) return;
    series.retries.add(trace.attempts - 1);
    this.#duration.labels(labels).observe(seconds(trace.arrivedAt, endedAt));
  }

  #countTokens(open: Open): void {
    const { usage } = open.trace;
    if (usage === null) return;
    const { tokensIn, tokensOut } = this.#seriesOf(open.trace);
    // An engine that corrects itself downwards is not followed: counters only grow.
    tokensIn.add(Math.max(0, usage.promptTokens - open.tokensIn));
    tokensOut.add(Math.max(0, usage.completionTokens - open.tokensOut));
    open.tokensIn = Math.max(open.tokensIn, usage.promptTokens);
    open.tokensOut = Math.max(open.tokensOut, usage.completionTokens);
  }

  /** What counts for a series that went meanwhile begins it again, so that the next `prune` finds it. */
  #seriesOf(trace: RequestTrace): Series {
    const labels = labelsOf(trace);
    return this.#series.get(keyOf(labels)) ?? this.#begin(labels);
  }

  #begin(labels: Labels): Series {
    const series = {
      labels,
      requests: new Map<string, Count>(),
      aborts: new Map<string, Count>(),
      retries: this.#retries.labels(labels),
      tokensIn: this.#tokensIn.labels(labels),
      tokensOut: this.#tokensOut.labels(labels),
      bytes: this.#bytes.labels(labels),
    };
    this.#series.set(keyOf(labels), series);
    return series;
  }

  #addInProgress(registry: Registry): void {
    const open = this.#open;
    new Gauge({
      name: 'llm_ops_requests_in_progress',
      help: 'Requests for an answer whose reply is not complete, waiting ones too.',
      labelNames: LABELS,
      registers: [registry],
      collect() {
        this.reset();
        for (const { trace } of open) this.inc(labelsOf(trace));
      },
    });
  }
}

/** The one that is kept under a word, or a new one. */
function countOf(kept: Map<string, Count>, word: string, begin: () => Count): Count {
  const known = kept.get(word);
  if (known !== undefined) return known;
  const count = begin();
  kept.set(word, count);
  return count;
}

function phaseOf({ admittedAt, firstTextAt }: RequestTrace): string {
  if (admittedAt === null) return 'queued';
  return firstTextAt === null ? 'before_first_text' : 'mid_stream';
}

function seconds(from: number, to: number | null): number {
  return to === null ? 0 : (to - from) / 1000;
}
