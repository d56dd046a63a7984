import { refusals } from './refusals.ts';

/** What a request asks for in numbers, its defaults put in, by vLLM's own names. */
export type Numbers = Readonly<
  Record<
    | 'n'
    | 'presence_penalty'
    | 'frequency_penalty'
    | 'repetition_penalty'
    | 'temperature'
    | 'top_p'
    | 'top_k'
    | 'min_p',
    number
  >
>;

type Range = {
  readonly field: keyof Numbers;
  readonly isRight: (value: number) => boolean;
  readonly must: string;
  /** Whether vLLM names the parameter behind its message. */
  readonly isNamed?: true;
};

const within = (low: number, high: number) => (value: number) => value >= low && value <= high;

/** In the order in which vLLM looks at them. */
const RANGES: readonly Range[] = [
  { field: 'n', isRight: (n) => n >= 1, must: 'at least 1' },
  { field: 'presence_penalty', isRight: within(-2, 2), must: 'in [-2, 2]' },
  { field: 'frequency_penalty', isRight: within(-2, 2), must: 'in [-2, 2]' },
  { field: 'repetition_penalty', isRight: (value) => value > 0, must: 'greater than zero' },
  { field: 'temperature', isRight: (value) => value >= 0, must: 'non-negative', isNamed: true },
  { field: 'temperature', isRight: (value) => value <= 2, must: 'in [0, 2]', isNamed: true },
  { field: 'top_p', isRight: (p) => p > 0 && p <= 1, must: 'in (0, 1]', isNamed: true },
  { field: 'top_k', isRight: (k) => k >= -1, must: '0 (disable), or at least 1' },
  { field: 'min_p', isRight: within(0, 1), must: 'in [0, 1]' },
];

/** Throws `param_out_of_range` for the first that is out of its range. */
export function checkRanges(numbers: Numbers): void {
  for (const { field, isRight, must, isNamed } of RANGES) {
    const value = numbers[field];
    if (isRight(value)) continue;
    throw isNamed === true
      ? refusals.namedRange(field, must, value)
      : refusals.range(field, must, value);
  }
  const { n, temperature } = numbers;
  if (n === 1) return;
  throw refusals.range('n', temperature === 0 ? '1 when using greedy sampling' : '1', n);
}
