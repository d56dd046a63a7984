/** FastChat's own servers, as PyPI has them, in a virtual environment that is made once and kept in the user's cache. */
import { execa } from 'execa';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../../src/config/values/cache-directory.ts';
import { run } from './shell.ts';

/** Versions that go together: with pydantic 2 FastChat's streamed chat breaks, with a newer fastapi pydantic 1 does. */
const PACKAGES = ['fschat==0.2.36', 'pydantic==1.10.*', 'fastapi==0.112.*', 'numpy<2'];
const NAME = 'fschat-0.2.36-1';

export type Python = { readonly python: string } | { readonly missing: string };

/** Where it is missing it is installed, as a whole or not at all. */
export async function findFastchat(): Promise<Python> {
  const directory = join(cacheDirectory(process.env, homedir()), 'test', NAME);
  const python = join(directory, 'bin', 'python');
  if (await isThere(python)) return { python };
  const draft = `${directory}.${process.pid}`;
  try {
    await mkdir(dirname(directory), { recursive: true });
    const made = await run('python3', ['-m', 'venv', draft]);
    if (made.exitCode !== 0)
      return { missing: `python3 makes no virtual environment: ${made.stderr || 'there is none'}` };
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES];
    const installed = await run(join(draft, 'bin', 'python'), pip);
    if (installed.exitCode !== 0)
      return { missing: `pip cannot install FastChat: ${installed.stderr.slice(-500)}` };
    // Somebody else may have been faster.
    await rename(draft, directory).catch(() => undefined);
    return { python };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

export type Server = { readonly url: string; readonly stop: () => Promise<void> };

export type ServerOptions = {
  readonly python: string;
  readonly port: number;
  /** For its log files. */
  readonly directory: string;
};

export function startController(options: ServerOptions): Promise<Server> {
  return startServer('controller', [], { ...options, ask: ['GET', '/test_connection'] });
}

export function startApiServer(
  options: ServerOptions & { readonly controllerUrl: string },
): Promise<Server> {
  const args = ['--controller-address', options.controllerUrl];
  return startServer('openai_api_server', args, { ...options, ask: ['GET', '/openapi.json'] });
}

async function startServer(
  module: string,
  args: readonly string[],
  options: ServerOptions & { readonly ask: readonly [method: string, path: string] },
): Promise<Server> {
  const { python, port, directory, ask } = options;
  const url = `http://127.0.0.1:${port}`;
  const address = ['--host', '127.0.0.1', '--port', String(port)];
  const child = execa(python, ['-m', `fastchat.serve.${module}`, ...address, ...args], {
    cwd: directory,
    env: { LOGDIR: directory, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
    stdin: 'ignore',
    all: true,
    reject: false,
    // The controller's thread of heart beats may outlive a SIGTERM.
    forceKillAfterDelay: 2_000,
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child;
  };
  const [method, path] = ask;
  const deadline = Date.now() + 120_000;
  for (;;) {
    const reply = await fetch(url + path, { method }).catch(() => null);
    await reply?.text();
    if (reply?.status === 200) return { url, stop };
    if (child.nodeChildProcess.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`FastChat's ${module} does not come up:\n${(await child).all}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
