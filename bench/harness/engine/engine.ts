/** The engine behind all targets, as a process of its own: vLLM's API with answers that are bytes from the start, so that it costs little. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spawnPinned } from '../spawn.ts';
import type { EngineCounts, EngineMode, FromEngine, ToEngine } from './mode.ts';

/** The one model that it has. */
export { ENGINE_MODEL } from './answers.ts';

export type BenchEngine = {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** For the processor time that is the bench's own. */
  readonly pid: number;
  /** Holds for requests that come after it resolves; answers that have begun go on as they were. */
  readonly setMode: (mode: EngineMode) => Promise<void>;
  readonly counts: () => Promise<EngineCounts>;
  /** Breaks off every answer that is not over: some targets read on for clients who left, and would be measured with them. */
  readonly breakOff: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Listens when it resolves, with a mode of 20 tokens in one write. `core`: the one that it may use, null: any. */
export async function startEngine({
  core,
}: {
  readonly core: number | null;
}): Promise<BenchEngine> {
  const { child, pid, close } = await spawnPinned({
    command: process.execPath,
    args: [PROGRAM],
    core,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let isClosed = false;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  child.once('exit', () => failed.reject(new Error('the engine of the bench ended')));

  const waiting: ((message: FromEngine) => void)[] = [];
  const early: FromEngine[] = [];
  child.on('message', (message: FromEngine) => {
    const next = waiting.shift();
    if (next === undefined) early.push(message);
    else next(message);
  });
  const hear = (): Promise<FromEngine> => {
    const message = early.shift();
    if (message !== undefined) return Promise.resolve(message);
    const { promise, resolve } = Promise.withResolvers<FromEngine>();
    waiting.push(resolve);
    return Promise.race([promise, failed.promise]);
  };
  const say = async (message: ToEngine): Promise<EngineCounts> => {
    if (isClosed) throw new Error('the engine of the bench is closed');
    child.send(message);
    const answer = await hear();
    if ('counts' in answer) return answer.counts;
    throw new Error('the engine of the bench said something else than its counts');
  };

  const first = await hear();
  if (!('port' in first)) throw new Error('the engine of the bench did not tell its port');
  return {
    url: `http://127.0.0.1:${first.port}`,
    port: first.port,
    pid,
    setMode: async (mode) => {
      await say({ mode });
    },
    counts: () => say('counts'),
    breakOff: async () => {
      await say('break off');
    },
    close: async () => {
      isClosed = true;
      const gone = child.exitCode === null ? once(child, 'exit') : null;
      if (child.connected) child.disconnect();
      await gone;
      await close();
    },
  };
}
