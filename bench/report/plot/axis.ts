/** Where values stand on a line of some width. Pure. */

export type Axis = {
  readonly isLogarithmic: boolean;
  /** In pixels from the axis' left end; what is below its range stands there. */
  readonly placeOf: (value: number) => number;
  /** Round values to be told below it. */
  readonly ticks: readonly number[];
};

// Beyond this, the smaller bars would be slivers.
const LINEAR_RANGE = 20;
const TICKS = 5;

/**
 * `bars` decide whether it is logarithmic; `marks` (quartiles, goals) have to fit as well. Negative values and zero have no place on a
 * logarithmic axis, and bars begin at zero on the other: they stand at its left end.
 */
export function buildAxis(
  bars: readonly number[],
  { marks, width }: { readonly marks: readonly number[]; readonly width: number },
): Axis {
  const positive = bars.filter((value) => value > 0);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  const values = [...bars, ...marks].filter((value) => value > 0);
  if (values.length === 0) return buildLinear(1, width);
  return most / least > LINEAR_RANGE
    ? buildLogarithmic([Math.min(...values), Math.max(...values)], width)
    : buildLinear(Math.max(...values), width);
}

function buildLinear(most: number, width: number): Axis {
  const step = niceStep(most / TICKS);
  const end = Math.max(most * 1.02, step);
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, at) => at * step);
  const placeOf = (value: number): number => (Math.min(Math.max(value, 0), end) / end) * width;
  return { isLogarithmic: false, placeOf, ticks };
}

function buildLogarithmic([least, most]: readonly [number, number], width: number): Axis {
  // Half of the least at the most, so that no bar has no length.
  const first = Math.floor(Math.log10(least / 2));
  const start = 10 ** first;
  const span = Math.log10((most * 1.1) / start);
  const placeOf = (value: number): number =>
    value <= start ? 0 : Math.min(Math.log10(value / start) / span, 1) * width;
  const ticks = Array.from({ length: Math.floor(span) + 1 }, (_, at) => 10 ** (first + at));
  return { isLogarithmic: true, placeOf, ticks };
}

/** The next of 1, 2, 5, 10, 20, … */
function niceStep(atLeast: number): number {
  const decade = 10 ** Math.floor(Math.log10(atLeast));
  return ([1, 2, 5].find((factor) => factor * decade >= atLeast) ?? 10) * decade;
}
