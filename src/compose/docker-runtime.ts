import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { WORKER_CONFIG_FILE } from '../config/worker-config.ts';
import { LlmOpsError } from '../errors.ts';
import type { ObservedUnit } from '../plan/diff.ts';
import type { LogLine, LogOptions, Runtime } from '../plan/runtime.ts';
import type { StackPlan } from '../plan/stack-plan.ts';
import { composeLines, findDockerHost, runCompose, type Environment } from './compose-command.ts';
import { connectDocker, type DockerDoor, type ProjectContainer } from './docker.ts';
import { loadParts } from './load-parts.ts';
import { followedDirectory, HUB_TOKEN_VARIABLE } from './parts/names.ts';
import { writeProgress } from './progress-files.ts';
import { COMPOSE_FILE, renderStack, type RenderedStack } from './render-compose.ts';
import { readIfThere, removeFiles, removeIfEmpty, writeFiles } from './state-files.ts';

export type DockerRuntimeOptions = {
  /** Name of the stack, and so of Compose's project. */
  readonly name: string;
  /** Where the stack's files are rendered, absolute: `<directory of the configuration>/.llm-ops/<name>`. */
  readonly directory: string;
  /** Absolute path of the Compose templates. */
  readonly templates: string;
  /** Absolute path of the directory with the Dockerfile. */
  readonly buildContext: string;
  /** Name of the configuration's file. */
  readonly origin: string;
  readonly version: string;
  /** The environment of the Docker command; engines get their tokens from it. */
  readonly env: Environment;
};

const STATE_ROOT = '.llm-ops';

/** A stack as containers: Compose makes them, the Docker API is asked what there is. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  const { name, directory, env } = options;
  const file = join(directory, COMPOSE_FILE);
  const render = async (plan: StackPlan): Promise<RenderedStack> =>
    renderStack(plan, {
      ...options,
      parts: await loadParts(options.templates),
      hubToken: findHubToken(env, findEnvFile(directory)),
    });
  const open = async (): Promise<DockerDoor> => connectDocker({ host: await findDockerHost(env) });
  const call = () => ({ project: name, file, env, envFile: findEnvFile(directory) });

  /** Made by us, from this configuration: two files in two places may have the same name in them. */
  const isOurs = ({ stack, workingDirectory }: ProjectContainer): boolean =>
    stack === name && workingDirectory !== null && isSamePlace(workingDirectory, directory);

  /** Compose tells its containers by the project's name alone: those of another one would fall to `--remove-orphans`. */
  const refuseForeign = (containers: readonly ProjectContainer[]): void => {
    const foreign = containers.find((container) => !isOurs(container));
    if (foreign === undefined) return;
    const where = foreign.workingDirectory ?? 'somewhere else';
    throw new LlmOpsError(
      'docker_failed',
      `There is another Compose project "${name}", from ${where}: it has the container ${foreign.service}.`,
      {
        hint: `Give this stack another name (\`name:\` in its file), or end that one: docker compose -p ${name} down`,
        details: { project: name, directory: foreign.workingDirectory, service: foreign.service },
      },
    );
  };

  return {
    kind: 'docker',

    check: async (plan) => {
      await render(plan);
    },

    desired: async (plan) => (await render(plan)).units,

    observe: async () => {
      const containers = await (await open()).containers(name);
      return Promise.all(
        containers
          .filter(isOurs)
          .map(async ({ service, hash, state, detail, gpus, restarts }): Promise<ObservedUnit> => {
            const unit = { name: service, hash, state, detail, gpus, restarts };
            const place = followedDirectory(service);
            const follows =
              place === null ? null : await readIfThere(join(directory, place, WORKER_CONFIG_FILE));
            return follows === null ? unit : { ...unit, follows };
          }),
      );
    },

    apply: async (plan, { report, signal }) => {
      const { files } = await render(plan);
      const docker = await open();
      refuseForeign(await docker.containers(name));
      await writeFiles(directory, files);
      // The image has the checkout's version as its tag, so only building tells whether the checkout changed. Cached, it takes a second.
      report({ text: 'Building the image of the workers' });
      await runCompose(['build', '--quiet'], { ...call(), report: () => undefined, signal });
      const args = ['up', '--detach', '--no-build', '--remove-orphans'];
      await runCompose(args, { ...call(), report, signal });
      await removeFiles(directory, { keep: files });
    },

    remove: async ({ report, volumes }) => {
      const docker = await open();
      refuseForeign(await docker.containers(name));
      if (existsSync(file)) {
        const args = ['down', '--remove-orphans', ...(volumes ? ['--volumes'] : [])];
        await runCompose(args, { ...call(), report });
      }
      // What the file does not name any more, or all of it when the file is gone.
      const left = await docker.containers(name);
      await Promise.all(
        left.map(async ({ id, service }) => {
          await docker.removeContainer(id);
          report({ unit: service, text: 'Removed' });
        }),
      );
      const networks = await docker.removeNetworks(name);
      const emptied = volumes ? await docker.removeVolumes(name) : [];
      for (const thing of [...networks, ...emptied]) report({ text: `${thing} Removed` });
      await removeFiles(directory, { keep: [] });
      if (basename(dirname(directory)) === STATE_ROOT) await removeIfEmpty(dirname(directory));
    },

    logs: (logOptions) => streamLogs(logOptions, call()),

    tellProgress: (plan, phrases) => writeProgress(directory, plan, phrases),
  };
}

/** A directory has several names where links lead to it. */
function isSamePlace(one: string, other: string): boolean {
  if (one === other) return true;
  return existsSync(one) && existsSync(other) && realpathSync(one) === realpathSync(other);
}

/** Compose itself reads a `.env` beside its file; ours lies beside the configuration. */
function findEnvFile(directory: string): string | null {
  const file = join(dirname(dirname(directory)), '.env');
  return basename(dirname(directory)) === STATE_ROOT && existsSync(file) ? file : null;
}

/** Where Compose finds the value, too: in its environment, else in the `.env` file. */
function findHubToken(env: Environment, envFile: string | null): string | undefined {
  const given = env[HUB_TOKEN_VARIABLE];
  if (given !== undefined || envFile === null) return given;
  return parseEnv(readFileSync(envFile, 'utf8'))[HUB_TOKEN_VARIABLE];
}

async function* streamLogs(
  { units, follow, tail, signal }: LogOptions,
  call: { project: string; file: string; env: Environment; envFile: string | null },
): AsyncIterable<LogLine> {
  if (!existsSync(call.file)) {
    throw new LlmOpsError('not_running', `There is no stack "${call.project}" here.`, {
      hint: 'Start it with `llm-ops up`.',
    });
  }
  const args = ['logs', '--no-color', '--tail', String(tail), ...(follow ? ['--follow'] : [])];
  try {
    for await (const line of composeLines([...args, ...units], { ...call, signal })) {
      const [, unit, text] = /^(\S+)-\d+ +\| ?(.*)$/s.exec(line) ?? [];
      if (unit !== undefined && text !== undefined) yield { unit, text: lastDrawn(text) };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A progress bar is drawn over itself: of one line with carriage returns a terminal shows the last drawing. */
function lastDrawn(text: string): string {
  return text.split('\r').findLast((part) => part !== '') ?? '';
}
