import Docker from 'dockerode';
import { LlmOpsError } from '../errors.ts';
import type { UnitState } from '../plan/diff.ts';
import { HASH_LABEL, STACK_LABEL } from './parts/names.ts';

/** One container of a Compose project, as Docker has it. */
export type ProjectContainer = {
  readonly id: string;
  /** Name of the Compose service. */
  readonly service: string;
  /** The stack of ours that it belongs to; null: somebody else made it. */
  readonly stack: string | null;
  /** Directory of the Compose file that it was made from, as Compose noted it. */
  readonly workingDirectory: string | null;
  readonly hash: string | null;
  readonly state: UnitState;
  /** `up 2 hours (healthy)`, `exited (137) 3 minutes ago`, `restarted 2 times, up 5 seconds`. */
  readonly detail: string;
  /** How often Docker started it again by itself. */
  readonly restarts: number;
  /** Ids of the GPUs that it asked for by id. */
  readonly gpus: readonly string[];
};

/** All that this project asks of the Docker API. Everything throws `docker_unavailable` when nobody answers, else `docker_failed`. */
export type DockerDoor = {
  ping(): Promise<void>;
  /** All containers that Compose made for a project, running or not, sorted by service. */
  containers(project: string): Promise<readonly ProjectContainer[]>;
  /** Stops a container, giving it its own time to end, and removes it. */
  removeContainer(id: string): Promise<void>;
  /** Removes the networks that carry the stack's label; tells their names. */
  removeNetworks(stack: string): Promise<readonly string[]>;
  /** The same for volumes: the data in them is gone. */
  removeVolumes(stack: string): Promise<readonly string[]>;
};

const DEFAULT_SOCKET = '/var/run/docker.sock';
const PING_TIMEOUT_MS = 10_000;

/** Opens no connection yet. `host` is what DOCKER_HOST holds: `unix:///…`, `tcp://…`, `npipe:////./pipe/…`. */
export function connectDocker({ host }: { host?: string | undefined }): DockerDoor {
  const address = toAddress(host);
  const docker = new Docker(address);
  const ask = async <T>(request: () => Promise<T>): Promise<T> => {
    try {
      return await request();
    } catch (error) {
      throw toDockerError(error, host ?? `unix://${DEFAULT_SOCKET}`);
    }
  };
  const stackFilter = (stack: string) => ({ filters: { label: [`${STACK_LABEL}=${stack}`] } });
  return {
    ping: () =>
      ask(async () => {
        await new Docker({ ...address, timeout: PING_TIMEOUT_MS }).ping();
      }),
    containers: (project) => ask(() => listContainers(docker, project)),
    removeContainer: (id) =>
      ask(async () => {
        const container = docker.getContainer(id);
        // 304: it was stopped already. 404: somebody was faster.
        await unless([304, 404], () => container.stop());
        await unless([404, 409], () => container.remove({ v: true }));
      }),
    removeNetworks: (stack) =>
      ask(async () => {
        const networks = await docker.listNetworks(stackFilter(stack));
        for (const { Id } of networks) await unless([404], () => docker.getNetwork(Id).remove());
        return networks.map(({ Name }) => Name);
      }),
    removeVolumes: (stack) =>
      ask(async () => {
        const { Volumes } = await docker.listVolumes(stackFilter(stack));
        for (const { Name } of Volumes) await unless([404], () => docker.getVolume(Name).remove());
        return Volumes.map(({ Name }) => Name);
      }),
  };
}

function toAddress(host: string | undefined): Docker.DockerOptions {
  if (host === undefined) return { socketPath: DEFAULT_SOCKET };
  const pipe = /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];
  if (pipe !== undefined) return { socketPath: pipe };
  if (!/^(tcp|http):\/\//.test(host) || !URL.canParse(host)) {
    throw new LlmOpsError('docker_unavailable', `Docker at ${host} cannot be used from here.`, {
      hint: 'Containers get files of this machine, so Docker must run on it: use its socket (unix:///var/run/docker.sock).',
    });
  }
  const { hostname, port } = new URL(host.replace(/^tcp:/, 'http:'));
  return { protocol: 'http', host: hostname, port: port === '' ? 2375 : Number(port) };
}

const PROJECT_LABEL = 'com.docker.compose.project';
const SERVICE_LABEL = 'com.docker.compose.service';
const DIRECTORY_LABEL = 'com.docker.compose.project.working_dir';

async function listContainers(
  docker: Docker,
  project: string,
): Promise<readonly ProjectContainer[]> {
  const listed = await docker.listContainers({
    all: true,
    filters: { label: [`${PROJECT_LABEL}=${project}`, 'com.docker.compose.oneoff=False'] },
  });
  const containers = await Promise.all(
    listed.map(async (info): Promise<ProjectContainer | null> => {
      const details = await unless([404], () => docker.getContainer(info.Id).inspect());
      if (details === null) return null;
      return {
        id: info.Id,
        service: info.Labels[SERVICE_LABEL] ?? '',
        stack: info.Labels[STACK_LABEL] ?? null,
        workingDirectory: info.Labels[DIRECTORY_LABEL] ?? null,
        hash: info.Labels[HASH_LABEL] ?? null,
        state: toUnitState(details.State),
        detail: toDetail(info.Status, details.RestartCount),
        restarts: details.RestartCount,
        gpus: (details.HostConfig.DeviceRequests ?? []).flatMap(({ DeviceIDs }) => DeviceIDs ?? []),
      };
    }),
  );
  return containers
    .filter((container) => container !== null)
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}

function toDetail(status: string, restarts: number): string {
  const text = status.charAt(0).toLowerCase() + status.slice(1);
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  return restarts === 0 ? text : `restarted ${times}, ${text}`;
}

/** An unhealthy container runs: its detail says the rest. */
function toUnitState({ Status, Health }: Docker.ContainerInspectInfo['State']): UnitState {
  if (Status === 'restarting') return 'restarting';
  if (Status !== 'running') return 'stopped';
  return Health?.Status === 'starting' ? 'starting' : 'running';
}

/** null when Docker answers with one of the given HTTP statuses. */
async function unless<T>(
  statuses: readonly number[],
  request: () => Promise<T>,
): Promise<T | null> {
  try {
    return await request();
  } catch (error) {
    if (statuses.includes((error as { statusCode?: number }).statusCode ?? 0)) return null;
    throw error;
  }
}

function toDockerError(cause: unknown, host: string): LlmOpsError {
  const { code, statusCode, message } = cause as {
    code?: string;
    statusCode?: number;
    message: string;
  };
  const [, network, endpoints] = /network (\S+) has active endpoints \((.*)\)/.exec(message) ?? [];
  if (network !== undefined && endpoints !== undefined) {
    const guests = [...endpoints.matchAll(/name:"([^"]+)"/g)].map(([, name]) => name ?? '');
    const text = `Containers of somebody else are in the network ${network}: ${guests.join(', ')}.`;
    const leave = guests.map((guest) => `docker network disconnect ${network} ${guest}`).join('; ');
    return new LlmOpsError('docker_failed', text, {
      hint: `End them, or take them out of it (${leave}), then try again.`,
      cause,
    });
  }
  if (statusCode !== undefined) {
    return new LlmOpsError('docker_failed', `Docker refused: ${message.trim()}.`, { cause });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new LlmOpsError('docker_unavailable', `No permission to use Docker at ${host}.`, {
      hint: 'Add yourself to the group `docker` and log in again, or use sudo.',
      cause,
    });
  }
  return new LlmOpsError(
    'docker_unavailable',
    `Docker does not answer at ${host} (${code ?? message}).`,
    {
      hint: 'Install Docker or start it (`sudo systemctl start docker`, or Docker Desktop), then try again.',
      cause,
    },
  );
}
