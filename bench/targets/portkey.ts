/** The other gateway of the field that is written in TypeScript, run as its package says, by the same Node as ours. */
import { freePort } from '../harness/free-port.ts';
import type { Found } from './fetch-once.ts';
import { findPortkey } from './portkey/find-portkey.ts';
import { LOOPBACK_FLAGS } from './portkey/loopback.ts';
import { startProgram } from './program.ts';
import { chatShapes } from './requests/chat-request.ts';
import type { StartTarget, Target } from './target.ts';

/** `cache`: the directory that the bench keeps programs in. */
export async function findPortkeyTarget(cache: string): Promise<Found<Target>> {
  const portkey = await findPortkey(cache);
  if ('missing' in portkey) return portkey;
  const { script, version } = portkey;
  return { name: 'portkey', version, start: (options) => start(script, options) };
}

async function start(script: string, { engineUrl, core }: StartTarget) {
  const port = await freePort();
  return startProgram({
    name: 'portkey',
    command: process.execPath,
    args: [...LOOPBACK_FLAGS, script, '--headless', `--port=${port}`],
    env: { NODE_ENV: 'production' },
    core,
    port,
    shapes: chatShapes(toPortkeyHeaders(engineUrl)),
    cleanUp: () => Promise.resolve(),
  });
}

/** How a request says which engine it is for. */
export function toPortkeyHeaders(engineUrl: string): Readonly<Record<string, string>> {
  return {
    authorization: 'Bearer bench',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${engineUrl}/v1`,
  };
}
