/** Stand-ins for Docker: a `docker` command that is a shell script, and an HTTP server with the few API paths that are asked. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type FakeCommand = {
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** The command lines so far. */
  calls(): Promise<readonly string[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** `script` is the body of the command; `$*` holds its arguments. */
export async function fakeCommand(script: string): Promise<FakeCommand> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-docker-'));
  const log = join(directory, 'calls');
  await writeFile(log, '');
  await writeFile(join(directory, 'docker'), `#!/bin/sh\necho "$*" >> '${log}'\n${script}\n`);
  await chmod(join(directory, 'docker'), 0o755);
  return {
    env: { PATH: `${directory}:/usr/bin:/bin` },
    directory,
    calls: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

export type FakeContainer = {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Status?: string;
  readonly State?: Readonly<Record<string, unknown>>;
  readonly RestartCount?: number;
  readonly DeviceRequests?: readonly Readonly<Record<string, unknown>>[] | null;
};

export type FakeApi = {
  readonly host: string;
  /** `METHOD path` of each request so far, filters decoded. */
  readonly requests: string[];
  [Symbol.asyncDispose](): Promise<void>;
};

export async function fakeApi(things: {
  readonly containers?: readonly FakeContainer[];
  readonly networks?: readonly string[];
  /** A container of somebody else that is in all of the networks. */
  readonly guest?: string;
  readonly volumes?: readonly string[];
  readonly status?: number;
}): Promise<FakeApi> {
  const { containers = [], networks = [], volumes = [], guest, status } = things;
  const requests: string[] = [];
  const answer = (path: string): unknown => {
    if (path === '/containers/json') return containers.map((one) => ({ Status: 'Up', ...one }));
    if (path === '/networks') return networks.map((Name) => ({ Id: Name, Name }));
    if (path === '/volumes') return { Volumes: volumes.map((Name) => ({ Name })) };
    const one = containers.find(({ Id }) => path === `/containers/${Id}/json`);
    const { State = { Status: 'running' }, RestartCount = 0, DeviceRequests = null } = one ?? {};
    return { State, RestartCount, HostConfig: { DeviceRequests } };
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://docker');
    const path = pathname.replace(/^\/v[\d.]+/, '');
    const filters = searchParams.get('filters') ?? '';
    requests.push(`${request.method ?? ''} ${path} ${filters}`.trim());
    const used = request.method === 'DELETE' && guest !== undefined;
    const [network] = /(?<=^\/networks\/).+/.exec(path) ?? [];
    if (used && network !== undefined) {
      // As Docker 28 says it.
      const message = `error while removing network: network ${network} has active endpoints (name:"${guest}" id:"38d3caa9eb0b")`;
      response.writeHead(403).end(JSON.stringify({ message }));
      return;
    }
    response.statusCode = status ?? (request.method === 'GET' ? 200 : 204);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(status === undefined ? answer(path) : { message: 'no' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `tcp://127.0.0.1:${String(port)}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The labels of a container that Compose made of a stack of ours. */
export function labels(project: string, service: string, own: Readonly<Record<string, string>>) {
  return {
    'com.docker.compose.project': project,
    'com.docker.compose.service': service,
    ...own,
  };
}
