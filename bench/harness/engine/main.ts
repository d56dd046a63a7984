/** The bench's engine as a program. It listens on a free port of 127.0.0.1, tells it over IPC, takes its mode from there, and ends with its parent. */
import type { AddressInfo } from 'node:net';
import { createEngineServer } from './answer-requests.ts';
import type { FromEngine, ToEngine } from './mode.ts';

const engine = createEngineServer();

function tell(message: FromEngine): void {
  process.send?.(message);
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToEngine) => {
  if (message === 'break off') engine.breakOff();
  else if (message !== 'counts') engine.setMode(message.mode);
  tell({ counts: engine.counts() });
});
engine.server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
  const { port } = engine.server.address() as AddressInfo;
  tell({ port });
});
