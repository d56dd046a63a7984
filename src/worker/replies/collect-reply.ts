/** The reply of `worker_generate`: what the last frame would be. */
import type { Usage } from '../../engines/engine.ts';
import type { AnswerSink } from '../answer/answer-tap.ts';
import { toUsageReply } from './worker-reply.ts';
import type { WorkerReply } from './worker-reply.ts';

export class CollectedReply implements AnswerSink {
  #parts: string[] = [];
  #usage: Usage | null = null;
  #finishReason: WorkerReply['finish_reason'] = null;

  begin(): void {
    // It takes all that comes.
  }

  /** Nobody sees anything of it before it is complete. */
  restart(): void {
    this.#parts = [];
    this.#usage = null;
  }

  push(delta: Parameters<AnswerSink['push']>[0]): boolean {
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
