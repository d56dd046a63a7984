import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { it } from 'node:test';

import { assertPortFree, isPortFree, takeFreePort } from '../../../src/local/process/free-port.ts';
import { untilListening } from '../../../src/local/process/until-listening.ts';

it('a port that somebody listens on is refused with what to do about it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await assert.rejects(
      assertPortFree({ listen: '127.0.0.1', port, setting: 'gateway.http_port' }),
      {
        code: 'port_in_use',
        message: `port ${String(port)} on 127.0.0.1 is in use; choose another with --port or gateway.http_port`,
      },
    );
  } finally {
    server.close();
    await once(server, 'close');
  }
  await assertPortFree({ listen: '127.0.0.1', port, setting: 'gateway.http_port' });
});

it('an address of another machine is refused as a mistake in the configuration', async () => {
  await assert.rejects(
    assertPortFree({ listen: '192.0.2.1', port: 8989, setting: 'gateway.http_port' }),
    {
      code: 'config_invalid',
      param: 'gateway.listen',
    },
  );
});

it('a free port is none that a connection could take for itself meanwhile', async () => {
  for (let count = 0; count < 50; count += 1) {
    const port = await takeFreePort(new Set());
    assert.ok(port >= 1_024 && port < 32_768, String(port));
  }
});

it('a free port is free and not one of those taken', async () => {
  const taken = new Set<number>();
  for (let count = 0; count < 20; count += 1) {
    const port = await takeFreePort(taken);
    assert.equal(taken.has(port), false);
    assert.equal(await isPortFree('127.0.0.1', port), true);
    taken.add(port);
  }
});

it('waiting for a listener ends when there is one, and when nobody waits any more', async () => {
  const port = await takeFreePort(new Set());
  const options = { host: '0.0.0.0', port, pollMs: 5 };
  const waiting = untilListening({ ...options, signal: new AbortController().signal });
  const server = createServer().listen(port, '127.0.0.1');
  assert.equal(await waiting, true);
  server.close();
  await once(server, 'close');
  const nobody = new AbortController();
  const alone = untilListening({ ...options, signal: nobody.signal });
  nobody.abort();
  assert.equal(await alone, false);
});
