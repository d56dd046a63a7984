import { z } from 'zod';
import { gatewaySchema, HostsSchema } from './gateway-schema.ts';
import { mapping, value } from './mapping.ts';
import { quoted } from '../values/mismatch.ts';
import { parseDirectory, parseStackName } from './scalars.ts';
import { defaultsSchema, serviceSchema, type SchemaContext } from './service-schema.ts';

/** The whole file, key by key. What keys say of each other is checked in `conflicts.ts`, defaults are filled in by `to-stack-config.ts`. */
export function stackSchema(context: SchemaContext) {
  const services = z.record(z.string(), serviceSchema(context).nullable(), {
    error: (issue) =>
      `${quoted(issue.input)} where the services should be\neach service below its name: \`services: { my-model: { source: org/name } }\``,
  });
  return mapping(
    {
      name: value(parseStackName).nullish(),
      gateway: gatewaySchema(context.directory).nullish(),
      hosts: HostsSchema.nullish(),
      templates: value((path) => parseDirectory(path, context.directory)).nullish(),
      defaults: defaultsSchema(context).nullish(),
      services: services.nullish(),
    },
    { models: 'did you mean `services`?', version: 'this file has no version: leave it out' },
  );
}

export type StackInput = z.output<ReturnType<typeof stackSchema>>;
