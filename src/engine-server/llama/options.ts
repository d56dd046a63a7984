import { parseArgs } from 'node:util';
import { z } from 'zod';

import { LlmOpsError } from '../../errors.ts';
import { usableCores } from './usable-cores.ts';

/** As many tokens a slot has at most unless it is told; the model's own context may want more memory than there is. */
export const ORDINARY_CONTEXT = 4096;

const count = z.int().min(1);

const optionsSchema = z
  .strictObject({
    /** The directory in whose node_modules the native package is. */
    package: z.string().min(1),
    /** The GGUF file. */
    model: z.string().min(1),
    /** The name that requests ask for. */
    alias: z.string().min(1).optional(),
    host: z.string().min(1).default('127.0.0.1'),
    /** 0: a free one. */
    port: z.int().min(0).max(65_535).default(8080),
    /** Tokens of all slots together, as with llama-server; 0: each slot gets all that the model was trained for. */
    ctxSize: z.int().min(0).optional(),
    /** Slots: requests that are answered at the same time. */
    parallel: count.max(256).default(4),
    threads: count.optional(),
    /** Tokens in one step of the computation, of all slots together. */
    batchSize: count.default(512),
    /** Seconds without a request until the memory is given back; -1: never. */
    sleepIdleSeconds: z
      .int()
      .min(-1)
      // As llama-server: nobody would ever find it awake.
      .refine((seconds) => seconds !== 0, 'Too small: expected at least 1, or -1 for never')
      .default(-1),
  })
  .transform((flags) => ({
    ...flags,
    alias: flags.alias ?? toAlias(flags.model),
    threads: flags.threads ?? ordinaryThreads(usableCores()),
    /** null: never. */
    sleepIdleMs: flags.sleepIdleSeconds < 1 ? null : flags.sleepIdleSeconds * 1000,
  }));

export type LlamaServerOptions = z.output<typeof optionsSchema>;

const FLAGS = {
  package: { type: 'string' },
  model: { type: 'string', short: 'm' },
  alias: { type: 'string', short: 'a' },
  host: { type: 'string' },
  port: { type: 'string' },
  'ctx-size': { type: 'string', short: 'c' },
  parallel: { type: 'string' },
  threads: { type: 'string', short: 't' },
  'batch-size': { type: 'string', short: 'b' },
  'sleep-idle-seconds': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const NUMBERS = new Set([
  'port',
  'ctx-size',
  'parallel',
  'threads',
  'batch-size',
  'sleep-idle-seconds',
]);

/** What `--help` prints. */
export const USAGE = `Usage: node src/engine-server/llama/main.ts --package DIR --model FILE.gguf [flags]

llama.cpp in this process behind vLLM's API. The flags are llama-server's own.

  --package DIR             the directory in which node-llama-cpp is installed
  -m, --model FILE          the model, a GGUF file
  -a, --alias NAME          the name that requests ask for (the file's)
  --host ADDRESS            where it listens (127.0.0.1)
  --port N                  0: a free one (8080)
  -np, --parallel N         slots: requests that are answered at the same time; more of them wait (4)
  -c, --ctx-size N          tokens of all slots together, so each has N / slots; 0: each has the model's own context
                            (each has the model's own, at most ${ORDINARY_CONTEXT})
  -t, --threads N           threads that compute (the cores that it may use but one, at least 1)
  -b, --batch-size N        tokens in one step of the computation (512)
  --sleep-idle-seconds N    gives the memory back after so many seconds without a request; -1: never (-1)`;

/** Reads the program's flags; null: asked for help. Throws `usage`. */
export function parseFlags(argv: readonly string[]): LlamaServerOptions | null {
  const { help, ...flags } = parseStrictly(argv.map(longParallel));
  if (help === true) return null;
  const parsed = optionsSchema.safeParse(
    Object.fromEntries(
      Object.entries(flags).map(([flag, value]) => [
        flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
        NUMBERS.has(flag) ? toNumber(flag, value) : value,
      ]),
    ),
  );
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${toFlag(String(path[0]))}: ${message}`,
  );
  throw new LlmOpsError('usage', `Wrong flags: ${problems.join('; ')}.`);
}

/**
 * One thread for each core but one. Each step of llama.cpp ends when its slowest thread has: one that waits for a busy core holds up all,
 * and with a core left for everybody else none waits.
 */
function ordinaryThreads(cores: number): number {
  return Math.max(1, cores - 1);
}

/** llama.cpp's short flag of two letters is none to `parseArgs`. */
function longParallel(arg: string): string {
  return arg.replace(/^-np(?==|$)/, '--parallel');
}

function parseStrictly(argv: readonly string[]) {
  try {
    return parseArgs({ args: withValues(argv), options: FLAGS }).values;
  } catch (error) {
    const known = Object.keys(FLAGS).map((flag) => `--${flag}`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new LlmOpsError('usage', reason.endsWith('.') ? reason : `${reason}.`, {
      hint: `The built-in llama.cpp knows ${known.join(', ')}. Install llama-server and it is used instead, with all of its own flags.`,
    });
  }
}

/** `--flag -1` means a value, which `parseArgs` believes only when it is written `--flag=-1`. */
function withValues(argv: readonly string[]): string[] {
  return argv.reduce<string[]>((args, arg) => {
    const last = args.at(-1);
    const isNegative = /^-\d+$/.test(arg) && last !== undefined && /^--[\w-]+$/.test(last);
    return isNegative ? [...args.slice(0, -1), `${last}=${arg}`] : [...args, arg];
  }, []);
}

function toNumber(flag: string, value: unknown): number {
  const text = String(value);
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new LlmOpsError('usage', `--${flag} wants a whole number, not "${text}".`);
}

function toFlag(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function toAlias(file: string): string {
  return file.replace(/^.*[/\\]/, '').replace(/\.gguf$/i, '');
}
