import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { execa } from 'execa';

import { LlmOpsError } from '../../errors.ts';
import type { Environment } from '../units/unit-specs.ts';

const LOAD_TIMEOUT_MS = 120_000;

/**
 * A binary for another machine aborts the process that loads it, so another one does. It is a file: the package tries its binaries in a
 * process of its own, which would inherit an `--eval`.
 */
const PROGRAM = `
const { getLlama } = await import('node-llama-cpp');
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
await llama.dispose();
`;

export type LlamaTrial = {
  /** Where `node_modules` lies. */
  readonly directory: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
};

/** Throws `engine_missing` with the last words of the attempt when the package does not load on this machine; and the signal's reason. */
export async function tryLlamaPackage({ directory, env, signal }: LlamaTrial): Promise<void> {
  const program = join(directory, 'try.mjs');
  writeFileSync(program, PROGRAM);
  const result = await execa(process.execPath, [program], {
    ...{ cwd: directory, env: { ...env }, extendEnv: false, stdin: 'ignore', all: true },
    ...{ cancelSignal: signal, timeout: LOAD_TIMEOUT_MS, reject: false },
  });
  rmSync(program, { force: true });
  signal.throwIfAborted();
  if (!result.failed) return;
  const errors = result.all.split('\n').filter((line) => /error/i.test(line));
  const why = errors[0]?.trim() ?? result.shortMessage;
  throw new LlmOpsError('engine_missing', `the built-in llama.cpp does not load here: ${why}`, {
    hint: 'Install llama-server, or start Docker and run the stack there.',
    cause: result,
  });
}
