import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Systems take the source ports of connections from above: there a port that was free a moment ago is soon taken again. */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** Two ports of the loopback address that were free a moment ago. */
export async function freePorts(): Promise<[number, number]> {
  const first = await freePort();
  for (;;) {
    const second = await freePort();
    if (second !== first) return [first, second];
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
