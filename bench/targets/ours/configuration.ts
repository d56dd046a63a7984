/** What our worker is configured with: everything that a service in use has. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  TOKENS_FILE,
  WORKER_CONFIG_FILE,
  WorkerConfig,
  type WorkerConfigInput,
  type WorkerTokens,
} from '../../../src/config/worker-config.ts';
import { loadTemplateFile } from '../../../src/prompts/load-templates.ts';
import { ENGINE_MODEL } from '../../harness/engine/engine.ts';

const SERVICE = 'bench';
/** A real one: its roles, separators and stop texts are rendered and looked for. */
const TEMPLATE_FILE = join(import.meta.dirname, '../../../templates/conversations/vicuna_v1.1.yml');
/** As many as a team has; a request's token is one of them. */
const TOKENS = 100;

export type OursConfiguration = {
  readonly engineUrl: string;
  /** Left out: the product's default. In milliseconds. */
  readonly frameWaitMs?: number | undefined;
};

/** Writes `worker.json` and `tokens.json` into a directory, which it makes. Returns the token to ask with. */
export async function writeConfiguration(
  directory: string,
  configuration: OursConfiguration,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const { token, tokens } = makeTokens();
  const config = await toWorkerConfig(configuration);
  await Promise.all([
    writeFile(join(directory, WORKER_CONFIG_FILE), JSON.stringify(config)),
    writeFile(join(directory, TOKENS_FILE), JSON.stringify(tokens)),
  ]);
  return token;
}

/** Throws what the schema has against it, so that the bench does not wait for a worker that cannot start. */
export async function toWorkerConfig(configuration: OursConfiguration): Promise<WorkerConfig> {
  const { engineUrl, frameWaitMs } = configuration;
  const input: WorkerConfigInput = {
    role: 'worker',
    services: [
      {
        name: SERVICE,
        limits: {
          concurrency: 1024,
          ...(frameWaitMs !== undefined && { frame_wait_ms: frameWaitMs }),
        },
        versions: [
          {
            template: { kind: 'conversation', conversation: await loadTemplateFile(TEMPLATE_FILE) },
            replicas: [
              { id: 'bench-engine-0', url: engineUrl, engine: 'vllm', model: ENGINE_MODEL },
            ],
          },
        ],
      },
    ],
  };
  return WorkerConfig.parse(input);
}

function makeTokens(): { readonly token: string; readonly tokens: WorkerTokens } {
  const secrets = Array.from({ length: TOKENS }, () => randomBytes(32).toString('hex'));
  return {
    token: secrets[TOKENS >> 1] ?? '',
    tokens: {
      tokens: secrets.map((secret, at) => ({
        id: `client-${at}`,
        sha256: createHash('sha256').update(secret).digest('hex'),
        services: at % 2 === 0 ? [SERVICE] : null,
        expires_at_ms: null,
      })),
    },
  };
}
