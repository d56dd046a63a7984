/** An engine that answers each request with one word when it is let, and knows how many it had at once, and in which order they came. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

export type GatedEngine = {
  readonly url: string;
  /** Prompts in the order in which they came. */
  readonly prompts: readonly string[];
  readonly running: number;
  /** The most that it had at once. */
  readonly peak: number;
  /** Answers those that are there and, from now on, all. */
  open(): void;
  /** Lets who comes from now on wait. */
  shut(): void;
};

export async function startGatedEngine(
  t: TestContext,
  { isOpen = false } = {},
): Promise<GatedEngine> {
  const prompts: string[] = [];
  const waiting = new Set<() => void>();
  let [running, peak, open] = [0, 0, isOpen];
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (request.url === '/health') return response.end();
    if (request.url === '/v1/models')
      return response.end(JSON.stringify({ data: [{ id: 'm', max_model_len: 100_000 }] }));
    const { prompt } = (await json(request)) as { prompt: string };
    if (request.url === '/tokenize') return response.end(JSON.stringify({ count: 1 }));
    prompts.push(prompt);
    running += 1;
    peak = Math.max(peak, running);
    const finish = (): void => {
      if (!waiting.delete(finish)) return;
      running -= 1;
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      const end = { choices: [{ text: 'word', finish_reason: 'stop' }], usage };
      response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    };
    waiting.add(finish);
    response.once('close', finish);
    // Not at once, so that who comes too early is seen.
    return open ? setTimeout(finish, 5) : undefined;
  };
  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    prompts,
    get running() {
      return running;
    },
    get peak() {
      return peak;
    },
    open: () => {
      open = true;
      for (const finish of [...waiting]) finish();
    },
    shut: () => {
      open = false;
    },
  };
}
