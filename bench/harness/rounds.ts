/** Rounds: every contender once, in a fresh random order, so that what changes on the machine meanwhile meets all of them alike. */
import { quantile } from './statistics.ts';

/** Named values of one contender in one round; or why the round is worth nothing. */
export type Sample =
  | { readonly values: Readonly<Record<string, number>> }
  | { readonly spoilt: 'merged chunks' | 'errors' | 'busy machine' };

type Values = Readonly<Record<string, number>>;

export type Rounds = {
  /** Of the rounds that were kept: values by contender. */
  readonly kept: readonly ReadonlyMap<string, Values>[];
  /** Rounds that were thrown away, by reason. */
  readonly thrownAway: Readonly<Record<string, number>>;
};

export type RoundsOptions = {
  readonly contenders: readonly string[];
  /** How many are wanted. */
  readonly count: number;
  /** Measures one contender once. An exception ends the metric: it is a fault of the bench, not of a round. */
  readonly measure: (contender: string) => Promise<Sample>;
  /** In [0, 1). */
  readonly random?: () => number;
};

/** A round that one contender spoils is begun anew, for as many rounds more as were wanted; what was kept until then is the result. */
export async function runRounds(options: RoundsOptions): Promise<Rounds> {
  const { contenders, count, measure, random = Math.random } = options;
  const kept: ReadonlyMap<string, Values>[] = [];
  const thrownAway: Record<string, number> = {};
  for (let tried = 0; kept.length < count && tried < 2 * count; tried += 1) {
    const round = new Map<string, Values>();
    let spoilt: string | null = null;
    for (const contender of shuffled(contenders, random)) {
      const sample = await measure(contender);
      if ('values' in sample) round.set(contender, sample.values);
      else {
        spoilt = sample.spoilt;
        break;
      }
    }
    if (spoilt === null) kept.push(round);
    else thrownAway[spoilt] = (thrownAway[spoilt] ?? 0) + 1;
  }
  return { kept, thrownAway };
}

export type Summary = {
  readonly median: number;
  /** First and third quartile. */
  readonly spread: readonly [number, number];
};

/** Of one value of one contender over the rounds; NaN where no round was kept. */
export function summarize(rounds: Rounds, contender: string, value: string): Summary {
  return toSummary(rounds.kept.map((round) => valueOf(round, contender, value)));
}

/** Of the ratio of two contenders' values, taken round by round. */
export function summarizeRatio(
  rounds: Rounds,
  value: string,
  { of, to }: { readonly of: string; readonly to: string },
): Summary {
  return toSummary(
    rounds.kept.map((round) => valueOf(round, of, value) / valueOf(round, to, value)),
  );
}

function valueOf(round: ReadonlyMap<string, Values>, contender: string, value: string): number {
  return round.get(contender)?.[value] ?? NaN;
}

/** The same of numbers that come from elsewhere. */
export function toSummary(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    spread: [quantile(values, 0.25), quantile(values, 0.75)],
  };
}

/** In a random order, after Fisher and Yates; `random` is in [0, 1). */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): readonly T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}
