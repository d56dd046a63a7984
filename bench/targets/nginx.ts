/** nginx before the engine: what a proxy costs that changes nothing. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../harness/free-port.ts';
import type { Found } from './fetch-once.ts';
import { toNginxConfiguration } from './nginx/configuration.ts';
import { findNginx } from './nginx/find-nginx.ts';
import { startProgram } from './program.ts';
import { chatShapes } from './requests/chat-request.ts';
import type { StartTarget, Target } from './target.ts';

/** `cache`: the directory that the bench keeps programs in. */
export async function findNginxTarget(cache: string): Promise<Found<Target>> {
  const nginx = await findNginx(cache);
  if ('missing' in nginx) return nginx;
  const { program, version } = nginx;
  return { name: 'nginx', version, start: (options) => start(program, options) };
}

async function start(program: string, { engineUrl, core }: StartTarget) {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-bench-nginx-'));
  // Its process that answers is another user's when root starts it.
  await chmod(directory, 0o711);
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  await writeFile(file, toNginxConfiguration({ port, engineUrl, directory }));
  return startProgram({
    name: 'nginx',
    command: program,
    args: ['-p', directory, '-e', join(directory, 'error.log'), '-c', file],
    core,
    port,
    shapes: chatShapes(),
    cleanUp: () => rm(directory, { recursive: true, force: true }),
  });
}
