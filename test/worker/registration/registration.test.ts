import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { Registration } from '../../../src/worker/registration/registration.ts';
import type { RegistrationEvent } from '../../../src/worker/registration/registration.ts';
import { until } from '../worker-harness.ts';
import { startController } from './fake-controller.ts';
import type { FakeController } from './fake-controller.ts';

/** Nobody listens there, so a refresh drops it. */
const ADDRESS = 'http://127.0.0.1:9';

type Service = { name: string; state: string; queueLength: number };

function register(
  t: TestContext,
  controller: Pick<FakeController, 'url'>,
  options: { readonly state?: string; readonly heartBeatMs?: number } = {},
): { service: Service; registration: Registration; events: string[] } {
  const service = { name: 'm', state: options.state ?? 'ready', queueLength: 3 };
  const events: string[] = [];
  const registration = new Registration({
    service,
    config: {
      url: controller.url,
      worker_address: ADDRESS,
      heart_beat_ms: options.heartBeatMs ?? 600_000,
    },
    onChange: ({ state }: RegistrationEvent) => events.push(state),
    retryMs: 20,
    timeoutMs: 500,
  });
  t.after(() => registration.leave());
  return { service, registration, events };
}

function count(controller: FakeController, path: string): number {
  return controller.asked.filter((line) => line.startsWith(path)).length;
}

describe('a registration', () => {
  it('says what FastChat’s own workers say, and beats at once to hear whether it was heard', async (t) => {
    const controller = await startController(t);

    const { events } = register(t, controller);
    await until('it is known', () => events.includes('known'));

    assert.deepEqual(
      controller.asked.map((line) => {
        const [path, body = ''] = line.split(' ');
        return [path, JSON.parse(body) as unknown];
      }),
      [
        [
          '/register_worker',
          {
            worker_name: ADDRESS,
            check_heart_beat: true,
            worker_status: { model_names: ['m'], speed: 1, queue_length: 3 },
            multimodal: false,
          },
        ],
        ['/receive_heart_beat', { worker_name: ADDRESS, queue_length: 3 }],
      ],
    );
  });

  it('waits until an engine is ready', async (t) => {
    const controller = await startController(t);
    const { service, registration } = register(t, controller, { state: 'loading' });
    registration.look();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(controller.asked, []);

    service.state = 'ready';
    registration.look();

    await until('it is known', () => controller.known.has(ADDRESS));
  });

  it('beats again and again, with the queue as it is then', async (t) => {
    const controller = await startController(t);
    const { service } = register(t, controller, { heartBeatMs: 10 });
    await until('it beats', () => count(controller, '/receive_heart_beat') > 2);

    service.queueLength = 17;

    await until('the new length is told', () =>
      controller.asked.includes(
        `/receive_heart_beat ${JSON.stringify({ worker_name: ADDRESS, queue_length: 17 })}`,
      ),
    );
    assert.equal(count(controller, '/register_worker'), 1);
  });

  it('does not beat without a pause because its pause is longer than any timer', async (t) => {
    const [controller, other] = [await startController(t), await startController(t)];
    const { events } = register(t, controller, { heartBeatMs: 2 ** 40 });
    await until('it is known', () => events.includes('known'));

    register(t, other, { heartBeatMs: 1 });
    await until('another one beat often', () => count(other, '/receive_heart_beat') > 20);

    assert.equal(count(controller, '/receive_heart_beat'), 1);
  });

  it('registers again when it was forgotten', async (t) => {
    const controller = await startController(t);
    const { events } = register(t, controller, { heartBeatMs: 10 });
    await until('it is known', () => events.includes('known'));

    controller.known.clear();

    await until('it is known again', () => controller.known.has(ADDRESS));
    await until('both were told', () => events.length === 3);
    assert.deepEqual(events, ['known', 'unknown', 'known']);
  });

  it('finds a controller that was started anew', async (t) => {
    const first = await startController(t);
    const { events } = register(t, first, { heartBeatMs: 10 });
    await until('it is known', () => events.includes('known'));
    await first.stop();
    await until('it is missed', () => events.includes('unreachable'));

    const second = await startController(t, Number(new URL(first.url).port));

    await until('it is known again', () => second.known.has(ADDRESS));
  });

  it('tries for ever, and tells of it once', async (t) => {
    const controller = await startController(t);
    controller.isStuck = true;
    const { events } = register(t, controller);
    await until('it tried twice', () => count(controller, '/register_worker') > 1);
    assert.deepEqual(events, ['unreachable']);

    controller.isStuck = false;

    await until('it is known', () => events.includes('known'));
    assert.deepEqual(events, ['unreachable', 'known']);
  });

  it('is not fooled by a controller that takes it and does not know it', async (t) => {
    const controller = await startController(t);
    controller.isDeaf = true;
    const { events } = register(t, controller);
    await until('it tried again', () => count(controller, '/register_worker') > 2);

    assert.deepEqual(events, ['unknown']);
  });

  it('survives an answer that is none', async (t) => {
    const controller = await startController(t);
    const { events } = register(t, { url: `${controller.url}/elsewhere` });

    await until('it tried again', () => count(controller, '/elsewhere/register_worker') > 1);
    assert.deepEqual(events, ['unreachable']);
  });

  it('has itself dropped when no engine is ready, and comes back with one', async (t) => {
    const controller = await startController(t);
    const { service, registration, events } = register(t, controller, { heartBeatMs: 10 });
    await until('it is known', () => events.includes('known'));

    service.state = 'down';
    registration.look();
    await until('it is dropped', () => controller.known.size === 0 && events.includes('left'));
    const beats = count(controller, '/receive_heart_beat');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(count(controller, '/receive_heart_beat'), beats, 'no beats without an engine');

    service.state = 'ready';
    registration.look();
    await until('it is back', () => controller.known.has(ADDRESS));
  });

  it('registers again after a moment without an engine that it slept through', async (t) => {
    const controller = await startController(t);
    const { service, registration, events } = register(t, controller);
    await until('it is known', () => events.includes('known'));

    service.state = 'down';
    registration.look();
    service.state = 'ready';
    registration.look();

    await until('it is told again', () => count(controller, '/register_worker') === 2);
    assert.equal(count(controller, '/refresh_all_workers'), 0);
  });

  it('says goodbye by a refresh, and beats no more', async (t) => {
    const controller = await startController(t);
    const { registration, events } = register(t, controller, { heartBeatMs: 10 });
    await until('it is known', () => events.includes('known'));

    await registration.leave();

    assert.equal(controller.known.size, 0);
    assert.equal(events.at(-1), 'left');
    const asked = controller.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(controller.asked.length, asked);
  });

  it('does not wait long for a controller that does not answer its goodbye', async (t) => {
    const controller = await startController(t);
    const { registration, events } = register(t, controller);
    await until('it is known', () => events.includes('known'));
    controller.isStuck = true;

    await registration.leave();

    assert.equal(count(controller, '/refresh_all_workers'), 1);
  });

  it('leaves a controller alone that never knew it', async (t) => {
    const controller = await startController(t);
    const { registration } = register(t, controller, { state: 'loading' });

    await registration.leave();

    assert.deepEqual(controller.asked, []);
  });
});
