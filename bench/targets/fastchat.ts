/** What FastChat puts before a worker: its controller and its OpenAI server. The worker is the engine of the bench, and costs nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINE_MODEL } from '../harness/engine/engine.ts';
import { freePort } from '../harness/free-port.ts';
import { findFastchat } from './fastchat/find-fastchat.ts';
import type { Found } from './fetch-once.ts';
import { startProgram } from './program.ts';
import { chatShapes } from './requests/chat-request.ts';
import type { StartTarget, Target } from './target.ts';

/** Both servers as children of one process, and ended with it. Python, the controller's port, the server's. */
const SERVERS = `
"$0" -m fastchat.serve.controller --host 127.0.0.1 --port "$1" &
exec "$0" -m fastchat.serve.openai_api_server --host 127.0.0.1 --port "$2" --controller-address "http://127.0.0.1:$1"
`;
const REGISTER_EVERY_MS = 100;

/** `cache`: the directory that the bench keeps programs in. */
export async function findFastchatTarget(cache: string): Promise<Found<Target>> {
  const fastchat = await findFastchat(cache);
  if ('missing' in fastchat) return fastchat;
  const { python, version } = fastchat;
  return { name: 'fastchat', version, start: (options) => start(python, options) };
}

async function start(python: string, { engineUrl, core }: StartTarget) {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-bench-fastchat-'));
  const [controllerPort, port] = [await freePort(), await freePort()];
  const started = new AbortController();
  const registered = keepRegistering(controllerPort, { engineUrl, signal: started.signal });
  try {
    return await startProgram({
      name: 'fastchat',
      command: '/bin/sh',
      args: ['-c', SERVERS, python, String(controllerPort), String(port)],
      // Its logs go there.
      env: { LOGDIR: directory, HOME: directory },
      core,
      port,
      shapes: chatShapes(),
      cleanUp: () => rm(directory, { recursive: true, force: true }),
    });
  } finally {
    started.abort();
    await registered;
  }
}

type Registration = { readonly engineUrl: string; readonly signal: AbortSignal };

/** As a worker does when it starts; until the controller is there to hear it, or nobody waits any more. */
async function keepRegistering(port: number, { engineUrl, signal }: Registration): Promise<void> {
  const body = JSON.stringify({
    worker_name: engineUrl,
    check_heart_beat: false,
    worker_status: { model_names: [ENGINE_MODEL], speed: 1, queue_length: 0 },
    multimodal: false,
  });
  while (!signal.aborted) {
    const isRegistered = await fetch(`http://127.0.0.1:${port}/register_worker`, {
      ...{ method: 'POST', body, signal },
    }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isRegistered) return;
    await sleep(REGISTER_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
