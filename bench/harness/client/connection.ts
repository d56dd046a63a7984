/** A connection that asks again and again, and is told of each read. Reading costs no memory, so a read is over when its call is. */
import { connect, type Socket } from 'node:net';
import { readMemory } from './read-memory.ts';

export type Connection = {
  readonly write: (bytes: Buffer) => void;
  readonly close: () => void;
};

export type ConnectionEvents = {
  readonly onConnect: () => void;
  /** The first `length` bytes of the memory, until it returns. */
  readonly onRead: (memory: Buffer, length: number) => void;
  /** Nothing comes any more: null, the other side closed it. Not called after `close`. */
  readonly onClose: (error: Error | null) => void;
};

export function openConnection(port: number, events: ConnectionEvents): Connection {
  const { onConnect, onRead, onClose } = events;
  let isClosed = false;
  let failure: Error | null = null;
  const socket: Socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: readMemory,
      callback: (length, memory) => {
        if (!isClosed) onRead(memory as Buffer, length);
        return !isClosed;
      },
    },
  });
  socket.once('connect', onConnect);
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('end', () => socket.destroy());
  socket.once('close', () => {
    if (isClosed) return;
    isClosed = true;
    onClose(failure);
  });
  return {
    write: (bytes) => {
      socket.write(bytes);
    },
    close: () => {
      isClosed = true;
      socket.destroy();
    },
  };
}
