import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { RenderOrder, ThreadData, ThreadReply } from './thread/messages.ts';

export type ThreadEvents = {
  /** It can take an order: it has started, or has replied. */
  readonly onReady: () => void;
  readonly onReply: (reply: NonNullable<ThreadReply>) => void;
  /** It is gone, which `end` does too. `isOutOfMemory`: it needed more than it may. */
  readonly onGone: (why: { readonly isOutOfMemory: boolean; readonly cause: unknown }) => void;
};

export type RenderThread = {
  /** Throws what structured cloning does not take. */
  readonly send: (order: RenderOrder) => void;
  readonly end: () => Promise<void>;
  /** Whether the process waits for it. */
  readonly hold: (isHeld: boolean) => void;
};

/** Here a `.ts` file, in the image a `.js` one: as this file itself. */
const PROGRAM = new URL(`./thread/main${extname(import.meta.url)}`, import.meta.url);

/** For what is made between two looks at the memory. V8 takes it only then. */
const HEADROOM_MB = 512;

export function startThread(memoryLimitMb: number, events: ThreadEvents): RenderThread {
  const worker = new Worker(PROGRAM, {
    name: 'chat-templates',
    workerData: { memoryBytes: memoryLimitMb * 1024 * 1024 } satisfies ThreadData,
    resourceLimits: {
      maxOldGenerationSizeMb: memoryLimitMb + HEADROOM_MB,
      maxYoungGenerationSizeMb: 16,
    },
    // A template has no use for what the process was started with.
    env: {},
    execArgv: [],
  });
  let failure: unknown = null;
  worker.on('message', (reply: ThreadReply) => {
    if (reply !== null) events.onReply(reply);
    events.onReady();
  });
  worker.on('error', (error: unknown) => {
    failure = error;
  });
  worker.on('exit', () => {
    const isOutOfMemory =
      failure instanceof Error && 'code' in failure && failure.code === 'ERR_WORKER_OUT_OF_MEMORY';
    events.onGone({ isOutOfMemory, cause: failure });
  });
  return {
    send(order) {
      worker.postMessage(order);
    },
    async end() {
      await worker.terminate();
    },
    hold(isHeld) {
      if (isHeld) worker.ref();
      else worker.unref();
    },
  };
}
