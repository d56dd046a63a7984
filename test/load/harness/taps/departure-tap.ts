/** Stands between a worker and its engine, passes all on as it is, and writes down when a request came by and how its connection ended. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { TestContext } from 'node:test';

export type Passage = {
  /** `performance.now()` when the worker closed the connection before the answer's end; null: it did not. */
  abortedMs: number | null;
  isComplete: boolean;
};

export type DepartureTap = {
  /** The engine's address for the worker's configuration. */
  readonly url: string;
  /** By the request's prompt, which has to be another one for each request, of letters, digits and dashes. */
  readonly passages: ReadonlyMap<string, Passage>;
};

const PROMPT = /"prompt":"([\w-]+)"/;
const LAST_EVENT = Buffer.from('data: [DONE]');

/** For streamed answers, which is all that a worker asks for. */
export async function startDepartureTap(t: TestContext, enginePort: number): Promise<DepartureTap> {
  const passages = new Map<string, Passage>();
  const server = createServer({ noDelay: true }, (worker) => {
    const engine = connect({ port: enginePort, host: '127.0.0.1', noDelay: true });
    /** The one under way: a worker has one request at a time on a connection. */
    let current: Passage | null = null;
    worker.on('data', (bytes) => {
      engine.write(bytes);
      const prompt = PROMPT.exec(bytes.toString('latin1'))?.[1];
      if (prompt === undefined) return;
      current = { abortedMs: null, isComplete: false };
      passages.set(prompt, current);
    });
    engine.on('data', (bytes) => {
      worker.write(bytes);
      if (current === null || !bytes.includes(LAST_EVENT)) return;
      current.isComplete = true;
      current = null;
    });
    const onAbort = (): void => {
      if (current !== null) current.abortedMs ??= performance.now();
      engine.destroy();
    };
    worker.on('end', onAbort).on('close', onAbort).on('error', onAbort);
    engine.on('close', () => worker.destroy()).on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, passages };
}
