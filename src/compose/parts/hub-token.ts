/**
 * The Hugging Face token of whoever starts the stack, as a file of the containers that ask for it: a variable would be there to read for
 * everyone who may `docker inspect` them.
 */
import { HUB_TOKEN, HUB_TOKEN_VARIABLE } from './names.ts';
import { isMapping, type Definition } from './render-part.ts';

/**
 * A config, not a secret: Compose refuses to start with a secret whose variable is not set. The newline is there for the same case: in the
 * place of an empty text Compose mounts its own directory into the container.
 */
const CONFIG = { content: `\${${HUB_TOKEN_VARIABLE}:-}\n` };

/** Without it Compose would leave the container as it is when the token is there at last: it does not compare what its files hold. */
const LABEL = { 'llm-ops.hub-token': `\${${HUB_TOKEN_VARIABLE}:+given}` };

/** Whether a container's definition lists the token among its `configs`. */
export function takesHubToken({ configs }: Definition): boolean {
  if (!Array.isArray(configs)) return false;
  return configs.some((config: unknown) => isMapping(config) && config['source'] === HUB_TOKEN);
}

/** Says in a whole Compose file where the token comes from, if a container takes it. Compose puts the value in when it creates them. */
export function withHubToken(file: Definition): Definition {
  const services = Object.entries(file['services'] as Readonly<Record<string, Definition>>);
  if (!services.some(([, definition]) => takesHubToken(definition))) return file;
  const labelled = services.map(([name, definition]) => {
    if (!takesHubToken(definition)) return [name, definition] as const;
    return [
      name,
      { ...definition, labels: { ...(definition['labels'] as object), ...LABEL } },
    ] as const;
  });
  return { ...file, services: Object.fromEntries(labelled), configs: { [HUB_TOKEN]: CONFIG } };
}
