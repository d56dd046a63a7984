/** What the owner does with the questions of one server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkerConfig } from '../../../src/config/worker-config.ts';
import { createChatRenderer } from '../../../src/prompts/chat/chat-renderer.ts';
import { LiveStack } from '../../../src/worker/live/live-stack.ts';
import type { ToServer } from '../../../src/worker/processes/messages.ts';
import { Desk } from '../../../src/worker/processes/owner/desk.ts';
import { serviceOf } from './three-servers.ts';

/** Of service `m` with one engine, which is not there and counts as ready. */
function openDesk(t: TestContext, limits: { readonly version?: object } = {}) {
  const stack = new LiveStack({
    chatRenderer: createChatRenderer(),
    onReplicaChange: () => undefined,
    readProgress: () => Promise.resolve({}),
    looksAtEngines: false,
  });
  stack.configure(WorkerConfig.parse(serviceOf(['http://127.0.0.1:1'], limits)));
  const service = stack.service('m');
  const replica = service.versions[0]!.replicas[0]!;
  replica.follow('ready');
  const sent: ToServer[] = [];
  const scrape = () => Promise.resolve(null);
  const desk = new Desk({ stack, scrape, send: (message) => sent.push(message) });
  // A replica closes when nobody is there any more.
  t.after(() => {
    desk.close();
    return stack.close();
  });
  const ask = async (n: number, kind: 'admit' | 'any') => {
    const names = { service: 'm', version: 'default', blocks: null };
    desk.take({ kind: 'ask', n, question: { kind, ...names } });
    await nextTurn();
  };
  return { desk, service, replica, sent, ask };
}

const GRANT = { version: 'default', replica: 0 };

describe("the owner's desk", () => {
  it('lets who wants text wait for the engine, and who has a question only be there', async (t) => {
    const { desk, replica, sent, ask } = openDesk(t);
    const wait = t.mock.method(replica.progress, 'wait');

    await ask(1, 'any');
    assert.deepEqual([replica.inFlight, wait.mock.callCount()], [1, 0]);
    await ask(2, 'admit');
    assert.deepEqual([replica.inFlight, wait.mock.callCount()], [2, 1]);

    for (const n of [1, 2]) desk.take({ kind: 'release', n });
    assert.equal(replica.inFlight, 0);
    assert.deepEqual(sent, [
      { kind: 'answer', n: 1, value: GRANT },
      { kind: 'answer', n: 2, value: GRANT },
    ]);
  });

  it('says nothing more to what was released while it waited for a place', async (t) => {
    const { desk, service, sent, ask } = openDesk(t, { version: { concurrency: 1 } });
    await ask(1, 'admit');
    await ask(2, 'admit');
    assert.equal(service.queueLength, 2);

    desk.take({ kind: 'release', n: 2 });
    await nextTurn();

    assert.equal(service.queueLength, 1);
    assert.deepEqual(sent, [{ kind: 'answer', n: 1, value: GRANT }]);
  });
});
