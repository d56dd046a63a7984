import { LlmOpsError } from '../../../errors.ts';
import type { Llama, LlamaPackage } from './package-api.ts';

export type LlamaLog = {
  /** One line of llama.cpp's log, a warning or worse. */
  readonly onLine: (line: string) => void;
};

/**
 * Starts llama.cpp: on the processor, and on a Mac of Apple's own making on its GPU. Throws `engine_missing` when the package has no binary
 * that this machine runs.
 */
export async function startLlama(native: LlamaPackage, { onLine }: LlamaLog): Promise<Llama> {
  try {
    return await native.getLlama({
      gpu: process.platform === 'darwin' && process.arch === 'arm64' ? 'auto' : false,
      build: 'never',
      progressLogs: false,
      logLevel: 'warn',
      logger: (_level, message) => {
        for (const line of message.split('\n')) if (line.trim() !== '') onLine(line.trimEnd());
      },
      maxThreads: 0,
    });
  } catch (error) {
    throw new LlmOpsError(
      'engine_missing',
      `node-llama-cpp has no binary that runs on this machine (${machine()}).`,
      { hint: 'Install llama-server, and it is used instead.', cause: error },
    );
  }
}

/** `linux x64, glibc 2.36`. The binaries for Linux need glibc, which Alpine's musl is not. */
function machine(): string {
  const kind = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux') return kind;
  const report = process.report.getReport() as {
    readonly header: { readonly glibcVersionRuntime?: string };
  };
  const version = report.header.glibcVersionRuntime;
  return `${kind}, ${version === undefined ? 'without glibc' : `glibc ${version}`}`;
}
