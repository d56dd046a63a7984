const ROUNDED = new Intl.NumberFormat('en', {
  maximumSignificantDigits: 3,
  useGrouping: false,
  // No -0.
  signDisplay: 'negative',
});
const EXACT = new Intl.NumberFormat('en', { maximumSignificantDigits: 15, useGrouping: false });

/** Three significant digits at the most, never an exponent: `98.2`, `28700`; `–` where nothing was measured. */
export function printNumber(value: number | null | undefined): string {
  return isMeasured(value) ? ROUNDED.format(value) : '–';
}

/** A bound as it was set, all its digits: `0.125`. */
export function printBound(value: number): string {
  return EXACT.format(value);
}

/** `98.2 µs`; the unit alone says nothing, so it goes with the number. */
export function printQuantity(value: number | null | undefined, unit: string): string {
  return isMeasured(value) ? `${printNumber(value)} ${unit}`.trimEnd() : '–';
}

/** First and third quartile: `96 … 101`. */
export function printQuartiles(
  quartiles: readonly [number | null, number | null] | undefined,
): string {
  if (quartiles === undefined || !quartiles.every(isMeasured)) return '';
  return quartiles.map(printNumber).join(' … ');
}

/** A number that is one: not NaN, which a median of no rounds is. */
export function isMeasured(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
