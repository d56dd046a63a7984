/** The real command line as a process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { PRODUCT_ROOT } from './fake-context.ts';

export type Ended = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type Command = {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
};

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Docker, the hub and the package indexes are nowhere unless the environment says otherwise: no test may meet them by accident. */
const NOWHERE = {
  DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  HF_ENDPOINT: 'http://127.0.0.1:2',
  PIP_CONFIG_FILE: '/dev/null',
  PIP_INDEX_URL: 'http://127.0.0.1:2/simple',
  PIP_RETRIES: '0',
  npm_config_registry: 'http://127.0.0.1:2',
};

export function startCommand(args: readonly string[], { cwd, env }: CommandOptions = {}): Command {
  const child = spawn(process.execPath, [join(PRODUCT_ROOT, 'src/cli/main.ts'), ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...NOWHERE, ...env },
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [status]]) => ({ stdout, stderr, status: status as number | null }),
  );
  return { child, ended };
}

export function runCommand(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return startCommand(args, options).ended;
}
