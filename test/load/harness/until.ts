import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something that becomes true by itself; the deadline is generous and never a claim about speed. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 30_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`);
    await sleep(10);
  }
}
