import { z } from 'zod';
import { parseEngineUrl } from '../values/address.ts';
import { parseEntry, parseVariable } from '../values/environment.ts';
import {
  demand,
  parseGpuCount,
  parseGpuDemand,
  parseGpuIds,
  parseGpuMemory,
  parseGpuNames,
  requireNvidia,
  type WrittenGpuDemand,
} from '../values/gpu-demand.ts';
import { parseDurationS } from '../values/duration.ts';
import { parseLeastCores, parseLeastMemory, parseMemory } from '../values/memory.ts';
import { mismatch, quoted } from '../values/mismatch.ts';
import { parseModelSource } from '../values/model-source.ts';
import {
  bindMount,
  namedMount,
  parseVolumeMount,
  type VolumeMount,
} from '../values/volume-mount.ts';
import { EngineKind } from '../worker-config.ts';
import { controllerSchema, sharedControllerSchema } from './controller-schema.ts';
import { limitsSchema } from './limits-schema.ts';
import { attempt, choose, isMapping, list, mapping, value } from './mapping.ts';
import {
  parseArgument,
  parseImage,
  parsePort,
  parseReplicas,
  parseWord,
  parseWorkers,
} from './scalars.ts';
import { type TemplateContext, templateSchema } from './template-schema.ts';

export type SchemaContext = TemplateContext;

/** The keys of a service that `defaults` may give too. Each may be left out or empty: what that means, `withDefaults` says. */
function sharedKeys(context: SchemaContext) {
  const { directory } = context;
  return {
    engine: value((word) => parseWord(word, EngineKind.options, 'an engine')).nullish(),
    image: value(parseImage).nullish(),
    args: list(
      value(parseArgument),
      'one item for each argument: `[--max-model-len, 4096]`',
    ).nullish(),
    env: Environment.nullish(),
    port: value(parsePort).nullish(),
    gpu: Gpu.nullish(),
    template: templateSchema(context).nullish(),
    resources: mapping(
      {
        cpu: value(parseLeastCores).nullish(),
        memory: value(parseLeastMemory).nullish(),
        shm_size: value(parseMemory).nullish(),
      },
      { gpu: '`gpu` stands in the service itself, beside `resources`' },
    ).nullish(),
    volumes: list(
      volumeSchema(directory),
      'one item for each volume: `- models:/root/.cache`',
    ).nullish(),
    replicas: value(parseReplicas).nullish(),
    idle_unload: value(parseDurationS).nullish(),
    limits: limitsSchema().nullish(),
    workers: value(parseWorkers).nullish(),
  };
}

export function serviceSchema(context: SchemaContext) {
  return mapping(
    {
      source: value((text) => parseModelSource(text, context.directory)).nullish(),
      url: value(parseEngineUrl).nullish(),
      ...sharedKeys(context),
      controller: controllerSchema().nullish(),
    },
    ELSEWHERE,
  );
}

export function defaultsSchema(context: SchemaContext) {
  const own = 'each service has its own: write it there';
  return mapping(
    { ...sharedKeys(context), controller: sharedControllerSchema(own).nullish() },
    { ...ELSEWHERE, source: own, url: own },
  );
}

export type ServiceInput = z.output<ReturnType<typeof serviceSchema>>;
export type DefaultsInput = z.output<ReturnType<typeof defaultsSchema>>;

/** Keys that other files have here, and what they are called in this one. */
const ELSEWHERE = {
  model: '`source` says which model; requests call it by the name of the service',
  name: 'the name of a service is its key below `services`',
  command: '`args` adds arguments to the engine’s own command',
  commands: '`args` adds arguments to the engine’s own command',
  environment: 'did you mean `env`?',
  cpu: 'did you mean `resources.cpu`?',
  memory: 'did you mean `resources.memory`?',
  shm_size: 'did you mean `resources.shm_size`?',
  concurrency: 'did you mean `limits.concurrency`?',
  queue_length: 'did you mean `limits.queue_length`?',
  controllers: 'did you mean `controller`? A service registers at one',
};

const Environment = z
  .unknown()
  .transform((input, context): Readonly<Record<string, string | null>> => {
    if (!Array.isArray(input) && !isMapping(input)) {
      attempt(context, [], () => {
        throw mismatch(
          `${quoted(input)} where variables should be`,
          'a mapping `NAME: value`, or a list of `NAME=value`',
        );
      });
      return {};
    }
    const variables = Array.isArray(input)
      ? input.map((item, at) => attempt(context, [at], () => parseVariable(item)))
      : Object.entries(input).map(([name, text]) =>
          attempt(context, [name], () => parseEntry(name, text)),
        );
    return Object.fromEntries(variables.filter((variable) => variable !== undefined));
  });

const Gpu = choose<WrittenGpuDemand>((input) =>
  isMapping(input) ? GpuMapping : value(parseGpuDemand),
);

const GpuMapping = mapping({
  name: value(parseGpuNames).nullish(),
  memory: value(parseGpuMemory).nullish(),
  count: value(parseGpuCount).nullish(),
  ids: value(parseGpuIds).nullish(),
  vendor: value(requireNvidia).nullish(),
}).transform(({ name, memory, count, ids }) =>
  demand({ count: count ?? null, names: name ?? [], minMemoryGiB: memory ?? null, ids: ids ?? [] }),
);

function volumeSchema(directory: string): z.ZodType<VolumeMount> {
  const text = value((input) => parseVolumeMount(input, directory));
  const named = mapping({ name: z.unknown(), path: z.unknown() }).transform(
    ({ name, path }, context) => attempt(context, [], () => namedMount(name, path)) as VolumeMount,
  );
  const bind = mapping({ instance_path: z.unknown(), path: z.unknown() }).transform(
    ({ instance_path, path }, context) =>
      attempt(context, [], () => bindMount(instance_path, path, directory)) as VolumeMount,
  );
  return choose((input) => {
    if (!isMapping(input)) return text;
    return Object.hasOwn(input, 'instance_path') ? bind : named;
  });
}
