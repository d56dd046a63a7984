import { fail } from '../values/failure.ts';

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const DIRECTIVES: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => String(time.getFullYear()),
  y: (time) => two(time.getFullYear() % 100),
  m: (time) => two(time.getMonth() + 1),
  d: (time) => two(time.getDate()),
  e: (time) => String(time.getDate()).padStart(2),
  B: (time) => MONTHS[time.getMonth()] ?? '',
  b: (time) => MONTHS[time.getMonth()]?.slice(0, 3) ?? '',
  A: (time) => DAYS[time.getDay()] ?? '',
  a: (time) => DAYS[time.getDay()]?.slice(0, 3) ?? '',
  w: (time) => String(time.getDay()),
  j: (time) => String(dayOfYear(time)).padStart(3, '0'),
  H: (time) => two(time.getHours()),
  I: (time) => two(time.getHours() % 12 || 12),
  M: (time) => two(time.getMinutes()),
  S: (time) => two(time.getSeconds()),
  f: (time) => `${String(time.getMilliseconds()).padStart(3, '0')}000`,
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  // datetime.now() knows no time zone.
  z: () => '',
  Z: () => '',
  F: (time) => strftime(time, '%Y-%m-%d'),
  T: (time) => strftime(time, '%H:%M:%S'),
  D: (time) => strftime(time, '%m/%d/%y'),
  R: (time) => strftime(time, '%H:%M'),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

/** `datetime.strftime` with English names, in this machine's time zone. `%-d` leaves leading zeros out, as glibc does. */
export function strftime(time: Date, format: string): string {
  return format.replaceAll(/%(-?)(.?)/gs, (_, plain: string, letter: string) => {
    const directive = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined;
    if (directive === undefined) return fail(`strftime: %${letter} is not supported`);
    const text = directive(time);
    return plain === '' ? text : text.replace(/^[0 ]+(?=.)/, '');
  });
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function dayOfYear(time: Date): number {
  const start = Date.UTC(time.getFullYear(), 0, 0);
  return (Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) - start) / 86_400_000;
}
