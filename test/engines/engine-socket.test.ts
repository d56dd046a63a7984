import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectEngine, type EngineSocket } from '../../src/engines/engine-socket.ts';

/** Both ends of one connection. */
async function connected(t: TestContext): Promise<{ ours: EngineSocket; theirs: Socket }> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection');
  const ours = await connect('127.0.0.1', port);
  const [theirs] = (await accepted) as [Socket];
  theirs.on('error', () => undefined);
  t.after(() => {
    ours.destroy();
    theirs.destroy();
    server.close();
  });
  return { ours, theirs };
}

function connect(hostname: string, port: number, timeoutMs = 5_000): Promise<EngineSocket> {
  return new Promise((resolve, reject) => {
    connectEngine(timeoutMs)(
      { hostname, host: `${hostname}:${port}`, protocol: 'http:', port: String(port) },
      (error, socket) => {
        if (error === null) resolve(socket as unknown as EngineSocket);
        else reject(error);
      },
    );
  });
}

/** Takes what there is each time that there is something, as undici does; until `isEnough`. */
function follow(socket: EngineSocket): { text: () => string; ended: Promise<unknown> } {
  let text = '';
  socket.on('readable', () => {
    for (let part = socket.read(); part !== null; part = socket.read())
      text += (part as Buffer).toString('latin1');
  });
  return { text: () => text, ended: once(socket, 'end') };
}

describe('a socket to an engine', () => {
  it('brings every byte once and in order, and then the end', async (t) => {
    const { ours, theirs } = await connected(t);
    const { text, ended } = follow(ours);
    let sent = '';
    for (let at = 0; at < 300; at += 1) {
      const part = `${at}${'x'.repeat((at * 7_919) % 100_000)}\n`;
      sent += part;
      theirs.write(part);
      if (at % 50 === 0) await sleep(2);
    }
    theirs.end('the end');

    await ended;
    assert.equal(text().length, sent.length + 7);
    assert.equal(text(), `${sent}the end`);
  });

  it('keeps what it brought, though the next read is in the same memory', async (t) => {
    const { ours, theirs } = await connected(t);
    const parts: Buffer[] = [];
    ours.on('readable', () => {
      for (let part = ours.read(); part !== null; part = ours.read()) parts.push(part as Buffer);
    });
    for (const letter of ['a', 'b', 'c']) {
      theirs.write(letter.repeat(10));
      while (parts.length < letter.charCodeAt(0) - 96) await sleep(1);
    }

    assert.deepEqual(parts.map(String), ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc']);
  });

  it('reads no further while nothing is taken, and goes on when something is', async (t) => {
    const { ours, theirs } = await connected(t);
    // Begins the reading, as a listener that does not take anything.
    ours.on('readable', () => undefined);
    const much = Buffer.alloc(32 * 1024 * 1024, 'y');
    const written = new Promise((resolve) => theirs.write(much, resolve));
    const isWritten = await Promise.race([written.then(() => true), sleep(300, false)]);
    assert.equal(isWritten, false, 'the kernel is full and we read on');

    let bytes = 0;
    const take = (): void => {
      for (let part = ours.read(); part !== null; part = ours.read())
        bytes += (part as Buffer).length;
    };
    ours.on('readable', take);
    take();
    await written;
    while (bytes < much.length) await sleep(1);
    assert.equal(bytes, much.length);
  });

  it('gives back first what was put back', async (t) => {
    const { ours, theirs } = await connected(t);
    const seen: string[] = [];
    ours.on('readable', () => {
      for (let part = ours.read(); part !== null; part = ours.read()) {
        const text = (part as Buffer).toString();
        seen.push(text);
        if (text === 'abcd') ours.unshift(Buffer.from('cd'));
      }
    });
    theirs.write('abcd');
    while (seen.length < 2) await sleep(1);

    assert.deepEqual(seen, ['abcd', 'cd']);
  });

  it('tells why there is no connection, as undici does', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await assert.rejects(connect('127.0.0.1', port), { code: 'ECONNREFUSED' });
    // An address that is nobody's (RFC 5737). Where a network refuses it at once, that is as good.
    t.diagnostic('waits for a tenth of a second');
    await assert.rejects(connect('192.0.2.1', 9, 100), (error: NodeJS.ErrnoException) =>
      ['UND_ERR_CONNECT_TIMEOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED'].includes(
        error.code ?? '',
      ),
    );
  });

  it('knows an IPv6 address in its brackets', async (t) => {
    const server = createServer((socket) => socket.end('hello'));
    const isThere = await new Promise((resolve) => {
      server.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
    });
    if (isThere === false) {
      t.skip('this machine has no IPv6');
      return;
    }
    t.after(() => server.close());
    const socket = await connect('[::1]', (server.address() as AddressInfo).port);
    const { text, ended } = follow(socket);
    await ended;
    assert.equal(text(), 'hello');
  });
});
