const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];
const STEP = 1024;

/** `980 bytes`, `94 MB`, `1.5 GB`: powers of 1024, as the configuration reads them. */
export function printBytes(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  // What would be rounded to 1024 is one of the next unit.
  while (Math.round(amount) >= STEP && unit < UNITS.length - 1) {
    amount /= STEP;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 10 ? 0 : 1;
  return `${amount.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}
