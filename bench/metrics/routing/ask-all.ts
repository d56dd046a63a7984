/** A load of prompts to a worker, so many at once, each answered as a stream. */
import { Agent, request } from 'node:http';

export type Asking = {
  readonly port: number;
  /** The service that a request goes to, by its place in the list. */
  readonly serviceOf: (at: number) => string;
  readonly prompts: readonly string[];
  /** Requests at once: whoever has its answer takes the next prompt. */
  readonly concurrency: number;
};

export type Asked = {
  /** From the first request to the end of the last answer. */
  readonly elapsedMs: number;
  /** Of each request, from its sending to the first byte of its answer. */
  readonly firstMs: readonly number[];
  /** Answers with another status than 200, or without a proper end. */
  readonly errors: number;
};

export async function askAll({ port, serviceOf, prompts, concurrency }: Asking): Promise<Asked> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const firstMs: number[] = [];
  let errors = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < prompts.length; at = next++) {
      const path = `/api/${serviceOf(at)}/worker_generate_stream`;
      const first = await askOne({ agent, port, path, prompt: prompts[at] ?? '' }).catch(
        () => null,
      );
      if (first === null) errors += 1;
      else firstMs.push(first);
    }
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  const elapsedMs = performance.now() - beganMs;
  agent.destroy();
  return { elapsedMs, firstMs, errors };
}

type One = {
  readonly agent: Agent;
  readonly port: number;
  readonly path: string;
  readonly prompt: string;
};

/** Milliseconds to the first byte of the answer, once all of it has come. Rejects when it is no whole answer. */
function askOne({ agent, port, path, prompt }: One): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const body = JSON.stringify({ prompt, echo: false, max_new_tokens: 1_024 });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const options = { agent, host: '127.0.0.1', port, path, method: 'POST', headers };
  const beganMs = performance.now();
  const asked = request(options, (reply) => {
    let firstMs: number | null = null;
    let last: Buffer = Buffer.alloc(0);
    reply.on('data', (bytes: Buffer) => {
      firstMs ??= performance.now() - beganMs;
      last = bytes;
    });
    reply.once('error', reject);
    reply.once('end', () => {
      const isWhole = reply.statusCode === 200 && /"finish_reason":"\w+"\}\0$/.test(String(last));
      if (isWhole && firstMs !== null) resolve(firstMs);
      else reject(new Error(`status ${reply.statusCode}: ${last.toString().slice(-200)}`));
    });
  });
  asked.once('error', reject);
  asked.end(body);
  return promise;
}
