import { posix } from 'node:path';
import { type ModelSource, printModelSource } from '../../config/values/model-source.ts';
import { LlmOpsError } from '../../errors.ts';
import type { EnginePlan, ServicePlan, VolumePlan } from '../../plan/stack-plan.ts';
import type { ComposeParts } from '../load-parts.ts';
import { HUB_TOKEN_VARIABLE, productImage } from './names.ts';
import { takesHubToken } from './hub-token.ts';
import { isMapping, type Definition } from './render-part.ts';
import { renderService } from './render-service.ts';

/**
 * The definition of one engine's container: what its template says of image, command and health, and what all engines have in common:
 * the user's environment, volumes and resources, each of which wins over the template's.
 */
export function renderEngine(
  engine: EnginePlan,
  options: { parts: ComposeParts; version: string; service: ServicePlan },
): Definition {
  const { parts, version, service } = options;
  const source = engine.source === null ? null : locate(engine.source, engine.kind);
  const { [HUB_TOKEN_VARIABLE]: token, ...otherVariables } = engine.env;
  const definition = renderService(parts, enginePart(engine), {
    productImage: productImage(version),
    image: engine.image,
    source,
    model: service.model,
    port: engine.port,
    args: engine.args,
    env: engine.env,
    gpuCount: engine.gpus.length,
    severalGpus: engine.gpus.length > 1,
    idleUnload: engine.idleUnloadS,
    ownToken: typeof token === 'string',
  });
  const environment = {
    ...asMapping(definition['environment']),
    // Passed on, it is the secret that the container has as a file.
    ...(token === null && takesHubToken(definition) ? otherVariables : engine.env),
  };
  const volumes = mergeVolumes([
    ...asList(definition['volumes']),
    ...(source?.mount === undefined ? [] : [source.mount]),
    ...engine.volumes.map(toVolume),
  ]);
  const deploy = toDeploy(engine);
  return {
    ...definition,
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(volumes.length > 0 && { volumes }),
    ...(engine.resources.shmBytes !== null && { shm_size: `${engine.resources.shmBytes}b` }),
    ...(deploy !== null && { deploy }),
  };
}

/** The name of the template for an engine. */
export function enginePart(engine: EnginePlan): string {
  return `engine-${engine.kind}`;
}

const SPLIT_GGUF = /-\d{5}-of-\d{5}\.gguf$/;

/**
 * What the template needs to know of a model's source; a path gets its mount. Of a GGUF only the file is mounted, not the directory that
 * it lies in, unless the model is split into several.
 */
function locate(source: ModelSource, kind: EnginePlan['kind']) {
  if (source.kind === 'pypi')
    throw notHere(source, 'is not on this machine, and only from here a container can have it');
  if (source.kind === 'hub') {
    // It would take the newest one instead, and say nothing.
    if (source.revision !== null && kind === 'llama.cpp')
      throw notHere(source, 'is not on this machine, and llama.cpp cannot fetch a revision itself');
    const isFile = source.file?.toLowerCase().endsWith('.gguf') ?? false;
    return {
      isHub: true,
      location: source.id,
      revision: source.revision,
      file: isFile ? source.file : null,
      tag: isFile || source.file === null ? '' : `:${source.file}`,
    };
  }
  const location = `/models/${posix.basename(source.path)}`;
  const [from, to] = SPLIT_GGUF.test(source.path)
    ? [posix.dirname(source.path), '/models']
    : [source.path, location];
  const mount = {
    type: 'bind',
    source: from,
    target: to,
    read_only: true,
    bind: { create_host_path: false },
  };
  return { isHub: false, location, revision: null, file: null, tag: '', mount };
}

function notHere(source: ModelSource, why: string): LlmOpsError {
  const name = printModelSource(source);
  return new LlmOpsError('model_not_here', `The model ${name} ${why}.`, {
    hint: `Fetch it with \`llm-ops model pull ${name}\`, then try again.`,
    details: { source: name },
  });
}

function toVolume({ kind, source, target, readOnly }: VolumePlan): Definition {
  return {
    type: kind,
    source,
    target,
    ...(readOnly && { read_only: true }),
    ...(kind === 'bind' && { bind: { create_host_path: true } }),
  };
}

/** A later volume takes the place of an earlier one on the same target: the user's that of the template. */
function mergeVolumes(volumes: readonly unknown[]): readonly unknown[] {
  const byTarget = new Map<unknown, unknown>();
  for (const volume of volumes) {
    const target = isMapping(volume) ? volume['target'] : volume;
    byTarget.set(typeof target === 'string' ? posix.join('/', target, '/') : target, volume);
  }
  return [...byTarget.values()];
}

/** `count` would give every container the first GPUs: only `device_ids` places an engine. */
function toDeploy({ gpus, resources }: EnginePlan): Definition | null {
  const limits = {
    ...(resources.cpu !== null && { cpus: String(resources.cpu) }),
    ...(resources.memoryBytes !== null && { memory: `${resources.memoryBytes}b` }),
  };
  const device = { driver: 'nvidia', device_ids: gpus.map((gpu) => gpu.id), capabilities: ['gpu'] };
  const parts = {
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(gpus.length > 0 && { reservations: { devices: [device] } }),
  };
  return Object.keys(parts).length > 0 ? { resources: parts } : null;
}

function asMapping(value: unknown): Definition {
  return isMapping(value) ? value : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
