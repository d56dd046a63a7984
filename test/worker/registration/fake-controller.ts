/** A controller that knows, forgets and probes workers as FastChat's does (`fastchat/serve/controller.py`). */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export type Registered = { model_names: string[]; speed: number; queue_length: number };

export type FakeController = {
  readonly url: string;
  readonly known: Map<string, Registered>;
  /** `path body` of each request, in their order. */
  readonly asked: string[];
  /** Takes registrations with 200 and forgets them, as when it cannot reach a worker. */
  isDeaf: boolean;
  /** Never answers. */
  isStuck: boolean;
  /** Ends it; another one can take its place. */
  readonly stop: () => Promise<void>;
};

export async function startController(t: TestContext, port = 0): Promise<FakeController> {
  const known = new Map<string, Registered>();
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    void read(request).then(async (body) => {
      asked.push(`${request.url ?? ''} ${body}`);
      if (controller.isStuck) return;
      const reply = request.method === 'POST' ? await act(request.url, body) : undefined;
      response.writeHead(reply === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply ?? null));
    });
  });
  const act = async (path: string | undefined, body: string): Promise<unknown> => {
    const said = (body === '' ? {} : JSON.parse(body)) as {
      worker_name: string;
      worker_status: Registered;
    };
    if (path === '/receive_heart_beat') return { exist: known.has(said.worker_name) };
    if (path === '/register_worker') {
      if (!controller.isDeaf) known.set(said.worker_name, said.worker_status);
      return null;
    }
    if (path !== '/refresh_all_workers') return undefined;
    for (const name of [...known.keys()]) if (!(await answers(name))) known.delete(name);
    return null;
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  t.after(stop);
  const { port: actual } = server.address() as AddressInfo;
  const controller: FakeController = {
    url: `http://127.0.0.1:${actual}`,
    known,
    asked,
    isDeaf: false,
    isStuck: false,
    stop,
  };
  return controller;
}

async function answers(worker: string): Promise<boolean> {
  const reply = await fetch(`${worker}/worker_get_status`, { method: 'POST' }).catch(() => null);
  await reply?.text();
  return reply?.status === 200;
}

async function read(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
