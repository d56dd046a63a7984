/** The reply of `worker_generate`: what the last frame would be. */
import type { DeltaSink, Usage } from '../../engines/engine.ts';
import { toUsageReply } from './worker-reply.ts';
import type { WorkerReply } from './worker-reply.ts';

export class CollectedReply implements DeltaSink {
  readonly #parts: string[] = [];
  #usage: Usage | null = null;
  #finishReason: WorkerReply['finish_reason'] = null;

  begin(): void {
    // It takes all that comes.
  }

  push(delta: Parameters<DeltaSink['push']>[0]): boolean {
    this.#parts.push(delta.text);
    this.#usage = delta.usage ?? this.#usage;
    this.#finishReason = delta.finishReason;
    return true;
  }

  toReply(): WorkerReply {
    return {
      text: this.#parts.join(''),
      error_code: 0,
      usage: toUsageReply(this.#usage),
      finish_reason: this.#finishReason,
    };
  }
}
