import { parseDurationS } from '../values/duration.ts';
import { parseMemory } from '../values/memory.ts';
import { mismatch, quoted } from '../values/mismatch.ts';
import { mapping, value } from './mapping.ts';
import { parseWhole } from './scalars.ts';

/** More than any engine takes: whoever writes more means something else. */
const MOST_REQUESTS = 1_000_000;
const MOST_CHARACTERS = 1_000_000_000;
/** A stream that stands still for longer looks broken. */
const MOST_FRAME_WAIT_MS = 1_000;
/** What the worker takes at most (`worker-config.ts`): a body is held in memory as a whole. */
const MOST_BODY_BYTES = 256 * 1024 ** 2;

/** `limits:` of a service. Each may be left out. */
export function limitsSchema() {
  const duration = value(parseDurationS).nullish();
  return mapping(
    {
      concurrency: value((count) => parseWhole(count, 1, MOST_REQUESTS)).nullish(),
      queue_length: value((count) => parseWhole(count, 0, MOST_REQUESTS)).nullish(),
      queue_timeout: duration,
      idle_timeout: duration,
      body_size: value(parseBodySize).nullish(),
      prompt_characters: value((count) => parseWhole(count, 1, MOST_CHARACTERS)).nullish(),
      reader_timeout: duration,
      keep_alive: duration,
      frame_wait_ms: value((ms) => parseWhole(ms, 0, MOST_FRAME_WAIT_MS)).nullish(),
    },
    {
      timeout: 'there are three: `queue_timeout`, `idle_timeout` and `reader_timeout`',
      rate: 'limits on rates are not supported so far',
    },
  );
}

function parseBodySize(size: unknown): number {
  const bytes = parseMemory(size, 'a size such as `4MB`, at most `256MB`');
  if (bytes > MOST_BODY_BYTES)
    throw mismatch(`${quoted(size)} is more than the worker takes`, 'at most `256MB`');
  return bytes;
}
