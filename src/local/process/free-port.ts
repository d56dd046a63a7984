import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

import { LlmOpsError } from '../../errors.ts';

export type WantedPort = {
  readonly listen: string;
  readonly port: number;
  /** The key that sets it: `gateway.http_port`. */
  readonly setting: string;
};

/** Throws `port_in_use` where nobody could listen on the port, `config_invalid` where the address is not this machine's. */
export async function assertPortFree({ listen, port, setting }: WantedPort): Promise<void> {
  const code = await tryPort(listen, port);
  if (code === null) return;
  const place = `port ${String(port)} on ${listen}`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    throw new LlmOpsError('config_invalid', `${listen} is not an address of this machine`, {
      param: 'gateway.listen',
      hint: 'Set gateway.listen to 127.0.0.1, 0.0.0.0 or an address of this machine.',
    });
  }
  const why = code === 'EACCES' ? 'needs more rights than this user has' : 'is in use';
  const choice = setting === 'gateway.http_port' ? `--port or ${setting}` : setting;
  throw new LlmOpsError('port_in_use', `${place} ${why}; choose another with ${choice}`, {
    param: setting,
    details: { listen, port, code },
  });
}

export async function isPortFree(listen: string, port: number): Promise<boolean> {
  return (await tryPort(listen, port)) === null;
}

/** Systems take the source ports of connections from above (Linux: 32768 on): there a port that was free a moment ago is soon taken. */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/**
 * A port of the loopback address that was free a moment ago and is not among `taken`, where nobody takes one by chance. Throws `port_in_use`
 * when there seems to be none.
 */
export async function takeFreePort(taken: ReadonlySet<number>): Promise<number> {
  for (let tried = 0; tried < MOST_TRIES; tried += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!taken.has(port) && (await isPortFree('127.0.0.1', port))) return port;
  }
  throw new LlmOpsError('port_in_use', `no port from ${LOWEST} to ${HIGHEST} seems to be free`);
}

/** With only one port in a hundred free, one of so many is it. */
const MOST_TRIES = 1_000;

/** null: free; else the system's error code. */
async function tryPort(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN';
  }
  server.close();
  await once(server, 'close');
  return null;
}
