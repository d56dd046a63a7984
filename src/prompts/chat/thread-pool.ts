import { LlmOpsError } from '../../errors.ts';
import { type RenderThread, startThread } from './render-thread.ts';
import type { RenderOrder, ThreadReply } from './thread/messages.ts';

export type ThreadPoolOptions = {
  readonly timeLimitMs: number;
  readonly memoryLimitMb: number;
  readonly threads: number;
};

export type ThreadPool = {
  readonly run: (order: RenderOrder, signal?: AbortSignal) => Promise<string>;
  readonly close: () => Promise<void>;
};

type Job = {
  readonly order: RenderOrder;
  readonly resolve: (text: string) => void;
  readonly reject: (error: unknown) => void;
};

type Member = {
  thread: RenderThread;
  job: Job | null;
  isReady: boolean;
  timer: NodeJS.Timeout | null;
};

/** Free threads that are kept: when a template spends one until its limit, others are to find one that has started. */
const SPARE = 2;

/**
 * Threads with one order each; the others wait here, so a thread that ends takes only its own along. Threads are started before they are
 * needed, and one template never occupies all of them.
 */
export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  const { timeLimitMs, memoryLimitMb, threads } = options;
  const waiting: Job[] = [];
  const members = new Set<Member>();
  let isClosed = false;

  function run(order: RenderOrder, signal?: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      if (isClosed) throw stopping();
      signal?.throwIfAborted();
      const stopListening = (): void => {
        signal?.removeEventListener('abort', abort);
      };
      const job: Job = {
        order,
        resolve(text) {
          stopListening();
          resolve(text);
        },
        reject(error) {
          stopListening();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      // A thread that has the job already goes on to its end; nobody waits for it.
      const abort = (): void => {
        const at = waiting.indexOf(job);
        if (at >= 0) waiting.splice(at, 1);
        job.reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort);
      waiting.push(job);
      assign();
    });
  }

  function assign(): void {
    for (const member of members) {
      if (!member.isReady || member.job !== null) continue;
      const at = waiting.findIndex(({ order }) => mayHaveAnother(order.source));
      const [job] = at < 0 ? [] : waiting.splice(at, 1);
      if (job !== undefined) give(member, job);
    }
    let free = [...members].filter(({ job }) => job === null).length;
    for (; free < SPARE && members.size < threads && !isClosed; free += 1) start();
    const isHeld = waiting.length > 0 || [...members].some(({ job }) => job !== null);
    for (const { thread } of members) thread.hold(isHeld);
  }

  function mayHaveAnother(source: string): boolean {
    const busy = [...members].filter(({ job }) => job?.order.source === source).length;
    return threads === 1 || busy < threads - 1;
  }

  function give(member: Member, job: Job): void {
    try {
      member.thread.send(job.order);
    } catch (cause) {
      job.reject(new LlmOpsError('invalid_request', 'the messages are no JSON', { cause }));
      assign();
      return;
    }
    member.job = job;
    member.timer = setTimeout(() => {
      // A reply may lie there unread, when it was this thread that was busy.
      setImmediate(() => {
        if (member.job === job) void end(member, `it took longer than ${String(timeLimitMs)} ms`);
      });
    }, timeLimitMs);
  }

  function start(): void {
    const thread = startThread(memoryLimitMb, {
      onReady() {
        member.isReady = true;
        assign();
      },
      onReply(reply) {
        settle(member, reply);
      },
      onGone({ isOutOfMemory, cause }) {
        members.delete(member);
        if (isClosed) return;
        if (!member.isReady) {
          // The next request tries again; to do so at once could go on for ever.
          failToStart(cause);
          return;
        }
        settle(
          member,
          { reason: isOutOfMemory ? 'it needed too much memory' : 'its thread ended' },
          cause,
        );
        assign();
      },
    });
    const member: Member = { thread, job: null, isReady: false, timer: null };
    members.add(member);
  }

  function settle(member: Member, reply: NonNullable<ThreadReply>, cause?: unknown): void {
    const { job, timer } = member;
    if (timer !== null) clearTimeout(timer);
    member.job = null;
    if (job === null) return;
    if ('text' in reply) job.resolve(reply.text);
    else job.reject(failed(reply.reason, cause));
  }

  async function end(member: Member, reason: string): Promise<void> {
    members.delete(member);
    settle(member, { reason });
    assign();
    await member.thread.end();
  }

  function failToStart(cause: unknown): void {
    for (const job of waiting.splice(0)) {
      job.reject(
        new LlmOpsError('internal', 'no thread for chat templates could start', { cause }),
      );
    }
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const job of waiting.splice(0)) job.reject(stopping());
    const ending = [...members];
    members.clear();
    for (const { job, timer } of ending) {
      if (timer !== null) clearTimeout(timer);
      job?.reject(stopping());
    }
    await Promise.all(ending.map(({ thread }) => thread.end()));
  }

  return { run, close };
}

function failed(reason: string, cause: unknown): LlmOpsError {
  return new LlmOpsError('template_failed', `the chat template failed: ${reason}`, {
    param: 'messages',
    ...(cause === undefined || cause === null ? {} : { cause }),
  });
}

function stopping(): LlmOpsError {
  return new LlmOpsError('stopping', 'the worker is stopping');
}
