/** What a server asks, and when, by the messages that it writes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkerConfig } from '../../../src/config/worker-config.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { createChatRenderer } from '../../../src/prompts/chat/chat-renderer.ts';
import { RequestTrace } from '../../../src/worker/answer/request-trace.ts';
import { LiveStack } from '../../../src/worker/live/live-stack.ts';
import type { Question, ToOwner } from '../../../src/worker/processes/messages.ts';
import { OwnerLink } from '../../../src/worker/processes/server/owner-link.ts';
import { ProgressReport } from '../../../src/worker/processes/server/progress-report.ts';
import { createRemoteDispatch } from '../../../src/worker/processes/server/remote-dispatch.ts';
import { transferError } from '../../../src/worker/processes/transferred-error.ts';
import { serviceOf } from './three-servers.ts';

const PROMPT = { kind: 'text', text: 'x'.repeat(600), hasSpecialTokens: false } as const;

/** A server of service `m` with so many engines, which are not there, and an owner that says what the test does. */
function startServer(t: TestContext, { engines = 1 } = {}) {
  const chatRenderer = createChatRenderer();
  const stack = new LiveStack({
    chatRenderer,
    onReplicaChange: () => undefined,
    readProgress: () => Promise.resolve({}),
    looksAtEngines: false,
  });
  const urls = Array.from({ length: engines }, (_, n) => `http://127.0.0.1:${n + 1}`);
  stack.configure(WorkerConfig.parse(serviceOf(urls)));
  t.after(() => stack.close());
  const written: ToOwner[] = [];
  const link = new OwnerLink((batch, done) => {
    written.push(...batch);
    done();
  });
  const dispatch = createRemoteDispatch({
    link,
    stack,
    report: new ProgressReport(() => undefined),
  });
  const service = stack.service('m');
  const places = { service, version: service.versions[0]! };
  const leaving = new AbortController();
  const trace = new RequestTrace();
  const admit = () => dispatch.admit(places, { prompt: PROMPT, signal: leaving.signal, trace });
  /** The last question, once it is written. */
  const asked = async (): Promise<{ n: number; question: Question }> => {
    await nextTurn();
    await nextTurn();
    const last = written.filter((message) => message.kind === 'ask').at(-1);
    assert.ok(last);
    return last;
  };
  const answer = (n: number, value: unknown) => link.take({ kind: 'answer', n, value });
  const refuse = (n: number, error: Error, isAdmitted = false) =>
    link.take({ kind: 'refusal', n, error: transferError(error), isAdmitted });
  const grant = { version: 'default', replica: 0 };
  return { ...{ dispatch, places, leaving, trace, written }, admit, asked, answer, refuse, grant };
}

describe('a server', () => {
  it('asks for room before it does any work only after it was refused for want of it', async (t) => {
    const { dispatch, places, admit, asked, answer, refuse, grant } = startServer(t);
    assert.equal(dispatch.refuseIfFull(places), undefined);
    const refused = assert.rejects(admit(), { code: 'overloaded', details: { waiting: 3 } });
    refuse((await asked()).n, new LlmOpsError('overloaded', 'full', { details: { waiting: 3 } }));
    await refused;

    const full = assert.rejects(Promise.resolve(dispatch.refuseIfFull(places)), /still full/);
    const { n, question } = await asked();
    assert.deepEqual(question, { kind: 'room', service: 'm', version: 'default' });
    refuse(n, new LlmOpsError('overloaded', 'still full'));
    await full;
    const free = dispatch.refuseIfFull(places);
    answer((await asked()).n, true);
    await free;

    assert.equal(dispatch.refuseIfFull(places), undefined);
    const admitted = admit();
    answer((await asked()).n, grant);
    assert.equal((await admitted).chosen?.seat.id, 'engine-0');
    assert.equal(dispatch.refuseIfFull(places), undefined);
  });

  it('gives back once what it got, and what comes after the client left was given back already', async (t) => {
    const { admit, asked, answer, grant, leaving, written } = startServer(t);
    const admitted = admit();
    answer((await asked()).n, grant);
    const { giveBack } = await admitted;
    giveBack();
    giveBack();
    const late = assert.rejects(admit(), /left/);
    const { n } = await asked();
    leaving.abort(new Error('left'));
    await late;
    answer(n, grant);
    await nextTurn();

    const released = written.filter(({ kind }) => kind === 'release');
    assert.deepEqual(released, [
      { kind: 'release', n: n - 1 },
      { kind: 'release', n },
    ]);
  });

  it('sends the beginning of a prompt where there is a choice, and nothing of its text', async (t) => {
    for (const [engines, blocks] of [
      [1, 0],
      [2, 2],
    ] as const) {
      const { admit, asked, refuse, written } = startServer(t, { engines });
      const refused = assert.rejects(admit(), { code: 'internal' });
      const { n, question } = await asked();
      assert.equal(question.kind === 'admit' && (question.blocks?.length ?? 0), blocks);
      assert.doesNotMatch(JSON.stringify(written), /xxx/);
      refuse(n, new LlmOpsError('internal', 'no'));
      await refused;
    }
  });

  it('notes that a request had its place also where no engine could take it', async (t) => {
    const { admit, asked, refuse, trace } = startServer(t);
    const refused = assert.rejects(admit(), { code: 'engine_loading' });
    refuse((await asked()).n, new LlmOpsError('engine_loading', 'loads'), true);
    await refused;
    assert.notEqual(trace.admittedAt, null);
  });
});
