import { parseArgs } from 'node:util';
import { z } from 'zod';

import { LlmOpsError } from '../errors.ts';
import { type FaultPlan, parseFaultFlags, parseFaults } from './faults/faults.ts';

const count = z.int().min(1);
const timeMs = z.int().min(0);

const optionsSchema = z.strictObject({
  /** The name that requests ask for. */
  model: z.string().min(1).default('sim'),
  host: z.string().min(1).default('127.0.0.1'),
  /** 0: a free one. */
  port: z.int().min(0).max(65_535).default(8000),
  /** Tokens of prompt and answer together. */
  contextLength: z.int().min(2).default(4096),
  /** Time to the first token, apart from the prompt's. */
  ttftMs: timeMs.default(50),
  /** Time for each token of the prompt that is not in the prefix cache. */
  prefillMsPerToken: z.number().min(0).default(0),
  /** Time between tokens. */
  itlMs: timeMs.default(20),
  /** How long the model loads; until then everything answers 503. */
  loadMs: timeMs.default(0),
  /** The natural length of every answer, its end token included; without it, 40 to 160 by the prompt. */
  answerTokens: count.optional(),
  /** Beyond it requests wait. */
  maxConcurrent: count.default(256),
  /** Beyond it they are refused; without it they never are, as in vLLM. */
  maxWaiting: z.int().min(0).optional(),
  prefixCache: z.boolean().default(true),
  /** Tokens that the prefix cache holds. */
  kvCacheTokens: z.int().min(0).default(200_000),
  /** As many requests `/sim/requests` tells of. */
  remember: z.int().min(0).default(1000),
});

/** All of it optional; the fault is written as in `POST /sim/faults`. */
export type ServeOptions = z.input<typeof optionsSchema> & { readonly fault?: FaultPlan };

export type ResolvedOptions = z.output<typeof optionsSchema> & { readonly fault: FaultPlan };

const NUMBERS = [
  'port',
  'context-length',
  'ttft-ms',
  'prefill-ms-per-token',
  'itl-ms',
  'load-ms',
  'answer-tokens',
  'max-concurrent',
  'max-waiting',
  'kv-cache-tokens',
  'remember',
] as const;

const FLAGS = {
  model: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'context-length': { type: 'string' },
  'ttft-ms': { type: 'string' },
  'prefill-ms-per-token': { type: 'string' },
  'itl-ms': { type: 'string' },
  'load-ms': { type: 'string' },
  'answer-tokens': { type: 'string' },
  'max-concurrent': { type: 'string' },
  'max-waiting': { type: 'string' },
  'prefix-cache': { type: 'boolean' },
  'kv-cache-tokens': { type: 'string' },
  remember: { type: 'string' },
  fault: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What `--help` prints. */
export const USAGE = `Usage: llm-ops sim [flags]

A simulated engine with vLLM's API: no weights, no GPU, the same answer to the same prompt.

  --model NAME              the name that requests ask for (sim)
  --host ADDRESS            where it listens (127.0.0.1)
  --port N                  0: a free one (8000)
  --context-length N        tokens of prompt and answer together (4096)
  --ttft-ms N               time to the first token (50)
  --prefill-ms-per-token X  and for each token of the prompt that is not in the prefix cache, such as 0.2 (0)
  --itl-ms N                time between tokens (20)
  --load-ms N               how long the model loads; until then everything answers 503 (0)
  --answer-tokens N         length of every answer, its end token included (40 to 160, by the prompt)
  --max-concurrent N        beyond it requests wait (256)
  --max-waiting N           beyond it they are refused with 503 (never)
  --kv-cache-tokens N       tokens that the prefix cache holds (200000)
  --no-prefix-cache         computes every prompt anew
  --remember N              requests that /sim/requests tells of (1000)
  --fault NAME=VALUE        a fault on demand, as often as you like: die_at_token, die_at_byte, error_at_token,
                            exit_at_token, stall_at_token, half_event_at_token=N, stall_ms, slow_reply_ms=N,
                            status=N, message=TEXT, refuse, reset, split_bytes, freeze=true, times=N`;

/** Fills in the defaults. Throws `usage`. */
export function resolveOptions({ fault, ...rest }: ServeOptions): ResolvedOptions {
  const parsed = optionsSchema.safeParse(rest);
  if (!parsed.success) {
    throw new LlmOpsError('usage', `Wrong options: ${z.prettifyError(parsed.error)}`);
  }
  return { ...parsed.data, fault: parseFaults(fault ?? {}) };
}

/** Reads the program's flags, which are the options in kebab-case; null: asked for help. Throws `usage`. */
export function parseFlags(argv: readonly string[]): ServeOptions | null {
  const { fault, help, ...rest } = parseStrictly(argv);
  if (help === true) return null;
  const options = Object.entries(rest).map(([flag, value]) => [
    toOptionName(flag),
    NUMBERS.some((name) => name === flag) ? toNumber(flag, value) : value,
  ]);
  return {
    ...(Object.fromEntries(options) as ServeOptions),
    ...(fault === undefined ? {} : { fault: parseFaultFlags(fault) }),
  };
}

function parseStrictly(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowNegative: true }).values;
  } catch (error) {
    const known = Object.keys(FLAGS).map((flag) => `--${flag}`);
    throw new LlmOpsError('usage', error instanceof Error ? error.message : String(error), {
      hint: `The flags are ${known.join(', ')}.`,
    });
  }
}

function toNumber(flag: string, value: unknown): number {
  const text = String(value);
  const isFraction = flag === 'prefill-ms-per-token' && /^\d*\.\d+$/.test(text);
  if (isFraction || /^\d+$/.test(text)) return Number(text);
  throw new LlmOpsError('usage', `--${flag} wants a whole number, not "${text}".`);
}

function toOptionName(flag: string): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
