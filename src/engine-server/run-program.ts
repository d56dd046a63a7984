import { LlmOpsError } from '../errors.ts';
import type { RunningEngine } from './serve.ts';

/** What a source that does not end by itself gets until the process ends without it; less than its supervisor's patience. */
const STOP_LIMIT_MS = 8_000;

export type ProgramInput = {
  /** Reads the flags and serves; null: there was nothing to serve (it printed its help). */
  readonly start: (argv: readonly string[]) => Promise<RunningEngine | null>;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly exit: (status: number) => void;
};

/**
 * An engine server as a program. Says where it listens; ends on SIGTERM, SIGINT, or when whoever started it over IPC is gone. Exit status:
 * 0 stopped, 1 could not start, could not load (the reason is the last line of stderr) or a fault ended it, 2 wrong flags.
 */
export async function runProgram(input: ProgramInput): Promise<void> {
  const { start, complain, exit } = input;
  try {
    const engine = await start(process.argv.slice(2));
    if (engine !== null) await run(engine, input);
  } catch (error) {
    if (!(error instanceof LlmOpsError)) throw error;
    complain([error.message, error.hint].filter((part) => part !== null).join(' '));
    exit(error.code === 'usage' || error.code === 'param_out_of_range' ? 2 : 1);
  }
}

async function run(engine: RunningEngine, { say, exit }: ProgramInput): Promise<void> {
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    // An ordinary exit runs destructors beneath threads that still compute, so a source that hangs is ended the hard way.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_LIMIT_MS);
    void engine.close().then(() => exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.channel) process.once('disconnect', stop);
  say(`listening on ${engine.url}`);
  try {
    await engine.loaded;
  } catch (error) {
    if (stopping.signal.aborted) return;
    await engine.close();
    throw error;
  }
}
