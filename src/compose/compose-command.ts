import { execa, ExecaError } from 'execa';
import { LlmOpsError } from '../errors.ts';
import type { Report } from '../plan/runtime.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ComposeCall = {
  readonly project: string;
  /** Absolute path of the Compose file. */
  readonly file: string;
  /** A `.env` file whose variables a container can be given; absolute. */
  readonly envFile?: string | null;
  /** The whole environment of the command, `PATH` included. */
  readonly env: Environment;
  readonly signal?: AbortSignal;
  /** What an interrupted command has to end by itself, in milliseconds. */
  readonly graceMs?: number;
};

/**
 * Runs `docker compose …` and reports what it prints, line by line.
 * Throws `docker_unavailable` (no Docker, no Compose), `port_in_use`, or `docker_failed` with what was printed last.
 */
export async function runCompose(
  args: readonly string[],
  call: ComposeCall & { readonly report: Report },
): Promise<void> {
  for await (const line of composeLines(args, call)) {
    const event = toEvent(line, call.project);
    if (event !== null) call.report(event);
  }
}

const LAST_LINES = 12;
const GRACE_MS = 10_000;

/** The lines that `docker compose …` prints, as they come. Throws like runCompose; leaving the loop ends the command. */
export async function* composeLines(
  args: readonly string[],
  call: ComposeCall,
): AsyncIterable<string> {
  const last: string[] = [];
  const child = execa('docker', composeArguments(args, call), {
    env: { ...call.env },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    // A group of its own: a `docker` that is ended before it listens for signals leaves its Compose plugin behind, with our pipes.
    detached: true,
  });
  let killing: NodeJS.Timeout | undefined;
  const end = (): void => {
    endGroup(child.pid, 'SIGTERM');
    // Compose can lose a signal that comes while it begins, and would then follow logs for ever.
    killing ??= setTimeout(() => endGroup(child.pid, 'SIGKILL'), call.graceMs ?? GRACE_MS);
  };
  const { signal } = call;
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  let isLeft = false;
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
      isLeft = true;
      try {
        yield line;
        isLeft = false;
      } finally {
        // Before the loop here is left, too: that would wait for the command.
        if (isLeft) end();
      }
    }
  } catch (error) {
    if (isLeft) return;
    if (signal?.aborted === true) throw interrupted(args);
    throw toComposeError(error, args[0] ?? '', last);
  } finally {
    clearTimeout(killing);
    signal?.removeEventListener('abort', end);
  }
  if (signal?.aborted === true) throw interrupted(args);
}

/** A group that is gone is ended. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it runs any more.
  }
}

function interrupted([verb = '']: readonly string[]): LlmOpsError {
  return new LlmOpsError('docker_failed', `docker compose ${verb} was interrupted.`);
}

/** Where the Docker command finds its daemon: DOCKER_HOST, or its current context. Throws `docker_unavailable` without the command. */
export async function findDockerHost(env: Environment): Promise<string | undefined> {
  const fromEnvironment = env['DOCKER_HOST'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  const format = '{{.Endpoints.docker.Host}}';
  try {
    const { stdout } = await execa('docker', ['context', 'inspect', '--format', format], {
      env: { ...env },
      extendEnv: false,
      stdin: 'ignore',
    });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch (error) {
    if (isMissing(error)) throw dockerMissing(error);
    return undefined;
  }
}

function composeArguments(args: readonly string[], call: ComposeCall): readonly string[] {
  const { project, file, envFile } = call;
  return [
    'compose',
    ...['--progress', 'plain', '--ansi', 'never', '-p', project, '-f', file],
    ...(typeof envFile === 'string' ? ['--env-file', envFile] : []),
    ...args,
  ];
}

/** Steps on the way to the word that counts (`Started`, `Removed`), networks, and each layer of an image that is pulled. */
const PASSING =
  /^(Container \S+ +(Creating|Created|Starting|Stopping|Stopped|Removing|Recreate|Waiting|Healthy|Running)|(Network|Volume) .*|[0-9a-f]{12} .*)$/;

/** ` Container demo-gateway-1  Started` is about the unit `gateway`; null: nothing that somebody waits for. */
function toEvent(line: string, project: string): { unit?: string; text: string } | null {
  const text = line.trim();
  if (text === '' || PASSING.test(text)) return null;
  const [, container, status] = /^Container (\S+) +(.+)$/.exec(text) ?? [];
  if (container === undefined || status === undefined) return { text };
  if (!container.startsWith(`${project}-`)) return { text };
  return { unit: container.slice(project.length + 1).replace(/-\d+$/, ''), text: status };
}

const PORT_TAKEN = [
  /Bind for \S+?:(\d+) failed: port is already allocated/,
  /host port for \S*?:(\d+):\S* address already in use/,
  /listen \w+ \S+:(\d+): \w+: address already in use/,
];
const NO_COMPOSE = /is not a docker command|unknown (?:shorthand )?flag|unknown command/;
const NO_DAEMON =
  /Cannot connect to the Docker daemon|Is the docker daemon running|permission denied while trying to connect/;

function toComposeError(error: unknown, verb: string, last: readonly string[]): unknown {
  if (isMissing(error)) return dockerMissing(error);
  if (!(error instanceof ExecaError)) return error;
  const text = last.join('\n');
  const [port] = PORT_TAKEN.flatMap((pattern) => pattern.exec(text)?.[1] ?? []);
  if (port !== undefined) {
    return new LlmOpsError(
      'port_in_use',
      `Port ${port} of this machine is taken by something else.`,
      {
        hint: 'Set `gateway.http_port` and `gateway.https_port` to free ports, or end what uses it.',
        details: { port: Number(port) },
        cause: error,
      },
    );
  }
  if (NO_DAEMON.test(text)) {
    return new LlmOpsError('docker_unavailable', `Docker cannot be used: ${last.at(-1) ?? ''}`, {
      hint: 'Start Docker, or get permission to use it (group `docker`), then try again.',
      cause: error,
    });
  }
  if (NO_COMPOSE.test(text)) {
    return new LlmOpsError('docker_unavailable', 'Docker is here, but its Compose plugin is not.', {
      hint: 'Install Compose v2 (package `docker-compose-plugin`), 2.24 or newer.',
      cause: error,
    });
  }
  return new LlmOpsError('docker_failed', `docker compose ${verb} failed:\n${text}`, {
    cause: error,
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function dockerMissing(cause: unknown): LlmOpsError {
  return new LlmOpsError('docker_unavailable', 'The command `docker` is not on this machine.', {
    hint: 'Install Docker Engine with Compose v2, or run without it: --runtime local.',
    cause,
  });
}
