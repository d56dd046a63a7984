/** The program of one server, forked by its owner, which tells it everything. It ends when the owner says so, or is gone. */
import { openLog } from '../../http/log-destination.ts';
import type { ToOwner, ToServer } from '../messages.ts';
import { transferError } from '../transferred-error.ts';
import { OwnerLink } from './owner-link.ts';
import { serveForOwner } from './serve-for-owner.ts';
import type { Server } from './serve-for-owner.ts';

/** Who stops a group of processes means the owner, which tells us. */
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => undefined);

const log = openLog({ isShared: true });
const link = new OwnerLink((batch: readonly ToOwner[], done) => {
  if (process.connected) process.send?.(batch, () => done());
  else done();
});

async function leave(status: number): Promise<void> {
  await link.flush();
  await log.flush();
  process.exit(status);
}

function fail(error: unknown): void {
  link.tell({ kind: 'failed', error: transferError(error) });
  void leave(1);
}

let server: Server | null = null;
/** What came while it was beginning. */
let early: Exclude<ToServer, { kind: 'begin' }>[] = [];

function begin(message: Extract<ToServer, { kind: 'begin' }>): void {
  serveForOwner(message, { link, log }).then((begun) => {
    server = begun;
    for (const each of early) begun.take(each);
    early = [];
    begun.ended.then(() => leave(0), fail);
  }, fail);
}

process.on('message', (batch: readonly ToServer[]) => {
  for (const message of batch) {
    if (message.kind === 'begin') begin(message);
    else if (server === null) early.push(message);
    else server.take(message);
  }
});
link.tell({ kind: 'hello' });
