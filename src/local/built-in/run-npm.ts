import { delimiter, dirname } from 'node:path';

import { execa, ExecaError } from 'execa';

import { LlmOpsError } from '../../errors.ts';
import { findOnPath } from '../process/find-on-path.ts';
import type { Environment } from '../units/unit-specs.ts';

/** npm waits up to a minute between two attempts by default; whoever has no registry should hear so sooner. */
const RETRIES = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
/** It may be killed in the middle: what it has written so far is thrown away. */
const KILL_AFTER_MS = 1_000;
const FLAGS = ['--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress'];

/** Lines of npm's error that are no sentences. */
const NO_SENTENCE =
  /^(code|errno|syscall|path|dest|command|signal|address|port|type)\b|^at |^[{}]|^A complete log/;

/** npm of the PATH, else the one that came with this Node; null: there is none. */
export function findNpm(env: Environment): string | null {
  return findOnPath('npm', env['PATH']) ?? findOnPath('npm', dirname(process.execPath));
}

export type NpmCall = {
  /** The directory with package.json and package-lock.json. */
  readonly directory: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
};

/**
 * `npm ci` in a directory, in the user's npm configuration and without running anybody's scripts. Throws `disk_full`, `engine_missing`
 * for everything else that npm cannot do, and the signal's reason.
 */
export async function runNpm({ directory, env, signal }: NpmCall): Promise<void> {
  const npm = findNpm(env);
  if (npm === null) throw npmMissing();
  // npm is a script that looks for `node` itself: where the PATH has none, ours will do.
  const PATH = [env['PATH'] ?? '', dirname(process.execPath)].join(delimiter);
  let output: string;
  try {
    ({ all: output } = await execa(npm, ['ci', ...FLAGS, ...RETRIES], {
      ...{ cwd: directory, env: { ...env, PATH }, extendEnv: false },
      ...{ stdin: 'ignore', all: true, cancelSignal: signal, forceKillAfterDelay: KILL_AFTER_MS },
    }));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    output = typeof error.all === 'string' ? error.all : '';
    if (!output.includes('ENOSPC')) throw npmFailed(output, error);
  }
  // A full disk is but a warning to npm, which reports a success.
  if (output.includes('ENOSPC'))
    throw new LlmOpsError('disk_full', `the disk of ${dirname(directory)} is full`, {
      hint: 'Make room for some 200 MB, or set XDG_CACHE_HOME to a directory of another disk.',
    });
}

export function npmMissing(): LlmOpsError {
  return new LlmOpsError(
    'engine_missing',
    'the built-in llama.cpp has to be fetched once, and `npm` is not on the PATH',
    { hint: 'Install npm or llama-server, or start Docker and run the stack there.' },
  );
}

function npmFailed(output: string, cause: unknown): LlmOpsError {
  const why = npmError(output) ?? (cause instanceof Error ? cause.message.split('\n')[0] : '');
  return new LlmOpsError(
    'engine_missing',
    `npm cannot fetch the built-in llama.cpp: ${why ?? ''}`,
    {
      hint: 'See that npm reaches its registry (`npm ping`), or install llama-server, or use Docker.',
      cause,
    },
  );
}

/** The first sentence of what npm calls an error; null: there is none. */
function npmError(output: string): string | null {
  const lines = output
    .split('\n')
    .flatMap((line) => /^npm (?:error|ERR!) ?(.*)$/.exec(line)?.[1] ?? []);
  return (
    lines.map((line) => line.trim()).find((line) => line !== '' && !NO_SENTENCE.test(line)) ?? null
  );
}
