/** Stands between a worker and its engine, passes all on as it is, and writes down when each token came by. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { TestContext } from 'node:test';

export type TappedToken = {
  readonly text: string;
  /** `performance.now()` when the event's last byte was passed on. */
  readonly atMs: number;
};

export type Tap = {
  /** The engine's address for the worker's configuration. */
  readonly url: string;
  /** Of all answers so far, in the order of their coming. */
  readonly tokens: () => readonly TappedToken[];
};

/** For one stream at a time: the tokens of several would be mixed. */
export async function startTap(t: TestContext, enginePort: number): Promise<Tap> {
  const tokens: TappedToken[] = [];
  const server = createServer({ noDelay: true }, (worker) => {
    const engine = connect({ port: enginePort, host: '127.0.0.1', noDelay: true });
    const read = createTokenReader((text) => tokens.push({ text, atMs: performance.now() }));
    worker.on('data', (bytes) => engine.write(bytes));
    engine.on('data', (bytes) => {
      worker.write(bytes);
      read(bytes);
    });
    for (const [one, other] of [
      [worker, engine],
      [engine, worker],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, tokens: () => tokens };
}

/** An event of the simulator is written at once, in a chunk of its own, so a line of it is whole between two line breaks. */
function createTokenReader(onToken: (text: string) => void): (bytes: Buffer) => void {
  let kept = Buffer.alloc(0);
  return (bytes) => {
    const all = Buffer.concat([kept, bytes]);
    const end = all.lastIndexOf(10);
    kept = all.subarray(end + 1);
    for (const line of all
      .subarray(0, end + 1)
      .toString()
      .split('\n')) {
      const text = textOf(line);
      if (text !== null) onToken(text);
    }
  };
}

function textOf(line: string): string | null {
  if (!line.startsWith('data: {')) return null;
  const { choices } = JSON.parse(line.slice(6)) as {
    readonly choices?: readonly { readonly text?: string }[];
  };
  return choices?.[0]?.text ?? null;
}
