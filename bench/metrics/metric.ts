/** What a metric is: it measures, and tells lines of the table. */
import type { TargetName, Targets } from '../targets/target.ts';

/** A bound on a ratio to a peer, or (`of: 'ours'`) on our own value. */
export type Goal = {
  readonly of: string;
  readonly most?: number;
  readonly least?: number;
  /** By which factor two runs of the same code differ at the most; left out: 1.15 for a ratio, 1.3 for our own value. */
  readonly tolerance?: number;
};

/** One line of the table. Values are medians over the rounds that were kept. */
export type Line = {
  /** `P1`; further lines of the same metric `P5-coalesced`. */
  readonly id: string;
  readonly name: string;
  /** `µs`, `ms`, `MB`, … of `ours` and of the peers. */
  readonly unit: string;
  /** null: it could not be measured; the notes say why. */
  readonly ours: number | null;
  /** By the peer's name: `direct`, `nginx`, `portkey`, `round robin`, `naive`, … Those that were skipped are left out. */
  readonly peers: Readonly<Record<string, number>>;
  /** Ours divided by the peer's, by the peer's name: the median of the rounds' own ratios, which is steadier than that of the medians. */
  readonly ratios: Readonly<Record<string, number>>;
  /** First and third quartile, of `ours` and of each ratio by the peer's name. */
  readonly spread: Readonly<Record<string, readonly [number, number]>>;
  readonly goals: readonly Goal[];
  readonly rounds: {
    readonly kept: number;
    /** By their reason: `merged chunks`, `errors`, `busy machine`. */
    readonly thrownAway: Readonly<Record<string, number>>;
  };
  readonly notes: readonly string[];
};

/** What plots have in common: the same things on their axes. */
export type Family =
  'requests' | 'latency' | 'chunks' | 'bytes' | 'routing' | 'start' | 'memory' | 'fastchat';

export type Metric = {
  readonly id: string;
  /** Further metrics that it measures along, which `--only` knows too: `P4`. */
  readonly also?: readonly string[];
  /** For `--only`: `plain-cpu`. */
  readonly slug: string;
  readonly family: Family;
  /** A target that is large to fetch, and fetched only for those that name it; a quick run leaves them out unless it is asked for them. */
  readonly needs?: TargetName;
  readonly measure: (bench: Bench) => Promise<readonly Line[]>;
};

/** What a metric is given. */
export type Bench = {
  /** Fewer and shorter rounds: the whole bench in three minutes. */
  readonly isQuick: boolean;
  readonly targets: Targets;
  /** A line of progress for who waits, on standard error. */
  readonly say: (text: string) => void;
};
