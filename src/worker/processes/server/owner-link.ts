/** A server's questions to its owner, and what it tells it. */
import { receiveError } from '../transferred-error.ts';
import { openOutbox } from '../outbox.ts';
import type { Outbox } from '../outbox.ts';
import type { Question, ToOwner, ToServer } from '../messages.ts';

/** An error, and how far the question had come. */
export type Refusal = { readonly error: Error; readonly isAdmitted: boolean };

type Waiting = {
  readonly answer: (value: unknown) => void;
  readonly refuse: (refusal: Refusal) => void;
};

export type Asked<T> = {
  /** Names the question in what is told of it later. */
  readonly n: number;
  /** Rejects with the owner's error, or with the signal's reason. */
  readonly reply: Promise<T>;
};

export class OwnerLink {
  readonly #outbox: Outbox<ToOwner>;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(write: Parameters<typeof openOutbox<ToOwner>>[0]) {
    this.#outbox = openOutbox(write);
  }

  tell(message: Exclude<ToOwner, { kind: 'ask' }>): void {
    this.#outbox.send(message);
  }

  /** Resolves when everything up to now is on its way. */
  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  /**
   * `take` makes something of the answer, at once when it comes: names in it are meant in the configuration of that moment. When the signal
   * aborts before, the question is released.
   */
  ask<T>(
    question: Question,
    take: (value: unknown) => T,
    {
      signal,
      onRefusal,
    }: { readonly signal?: AbortSignal; readonly onRefusal?: (refusal: Refusal) => void } = {},
  ): Asked<T> {
    this.#asked += 1;
    const n = this.#asked;
    const reply = new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(n);
        this.#outbox.send({ kind: 'release', n });
        reject(signal?.reason as Error);
      };
      const end = (): void => {
        this.#waiting.delete(n);
        signal?.removeEventListener('abort', leave);
      };
      const answer = (value: unknown): void => {
        end();
        try {
          resolve(take(value));
        } catch (error) {
          this.#outbox.send({ kind: 'release', n });
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const refuse = (refusal: Refusal): void => {
        end();
        onRefusal?.(refusal);
        reject(refusal.error);
      };
      this.#waiting.set(n, { answer, refuse });
      signal?.addEventListener('abort', leave, { once: true });
      this.#outbox.send({ kind: 'ask', n, question });
    });
    return { n, reply };
  }

  /** What comes for questions that nobody waits for any more is dropped: they were released. */
  take(message: Extract<ToServer, { kind: 'answer' | 'refusal' }>): void {
    const waiting = this.#waiting.get(message.n);
    if (message.kind === 'answer') waiting?.answer(message.value);
    else waiting?.refuse({ error: receiveError(message.error), isAdmitted: message.isAdmitted });
  }
}
