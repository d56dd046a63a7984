/**
 * The file that the planner writes and the worker reads: the one place where the two halves of the program meet.
 *
 * It lies as `worker.json` in the directory that `LLM_OPS_WORKER_CONFIG` names, and is replaced by rename, so a container mounts the
 * directory, never the file (a bind-mounted file keeps the old inode). The worker follows it while it runs.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { ConversationTemplate } from '../prompts/conversation-template.ts';

export const WORKER_CONFIG_FILE = 'worker.json';

/**
 * Node's flags for the worker program, which the Dockerfile has, too. What a token leaves behind is dead at once; Node's own young
 * generation lets some 100 MB of that come together before it looks. What the start makes stays for the most part: a young generation that
 * is small at first would be copied again and again meanwhile. A collection of the young finds little alive, and is done sooner by one
 * thread than told to four. Many a flag of V8 (`--expose-gc`) is none for here: a program that has one cannot use what Node brings of its own
 * modules as compiled, and starts 30 ms later.
 */
export const WORKER_NODE_FLAGS: readonly string[] = [
  '--min-semi-space-size=4',
  '--max-semi-space-size=16',
  '--no-parallel-scavenge',
];

/**
 * Where Node keeps what its compiler makes of the worker program, so that the next one starts in half the time and never loads the part of
 * Node that strips types; a path for `NODE_COMPILE_CACHE`. Where nothing can be written there it is as if it were not set. `script` is the
 * program's own path.
 */
export function workerCompileCache(script: string): string {
  return join(script, '../../../node_modules/.cache/llm-ops');
}

/** Which API an engine speaks, and so which adapter calls it. */
export const EngineKind = z.enum(['vllm', 'llama.cpp', 'openai', 'sim']);
export type EngineKind = z.infer<typeof EngineKind>;

export const WorkerReplica = z.strictObject({
  /** Names the replica in logs and states: `<service>-engine-<n>`. */
  id: z.string().min(1),
  /** Where the engine's HTTP server answers, without a trailing slash. */
  url: z.url({ protocol: /^https?$/ }),
  engine: EngineKind,
  /** The model's name in requests to the engine; null: ask the engine (`/v1/models`). */
  model: z.string().min(1).nullable(),
});
export type WorkerReplica = z.infer<typeof WorkerReplica>;

/** What one version's engines are given at once. */
const WorkerLimits = z.strictObject({
  /** Requests that may be at the engines at once; more of them wait. FastChat's vLLM worker has 1024. */
  concurrency: z.int().positive().default(1024),
  /** Requests that may wait; more of them are refused at once. */
  queue_length: z.int().nonnegative().default(1024),
  /** How long a request may wait for its place before it is refused, in milliseconds. */
  queue_timeout_ms: z.int().positive().default(60_000),
  /** Silence of an engine after which its answer counts as broken, in milliseconds. */
  idle_timeout_ms: z.int().positive().default(300_000),
});

/** What a service takes from its clients, all versions together. */
const ServiceLimits = z.strictObject({
  /** As of a version; null: only the versions' own count. */
  concurrency: z.int().positive().nullable().default(null),
  queue_length: z.int().nonnegative().default(1024),
  queue_timeout_ms: z.int().positive().default(60_000),
  /** A longer body is refused before it is read to its end. */
  body_bytes: z
    .int()
    .positive()
    .max(256 * 1024 * 1024)
    .default(16 * 1024 * 1024),
  /** Characters of a prompt, or of a conversation as it is rendered. */
  prompt_characters: z.int().positive().default(4_000_000),
  /** A client that reads nothing for so long while there is something to read is left, in milliseconds. */
  reader_timeout_ms: z.int().positive().default(60_000),
  /** Silence towards a waiting client after which a sign of life is sent, in milliseconds. */
  keep_alive_ms: z.int().positive().default(15_000),
  /** For how long a frame with all text so far may wait for more, in milliseconds; the wait grows with the text. 0: nothing waits. */
  frame_wait_ms: z.int().nonnegative().default(50),
});

/** A FastChat controller that is to know the service. */
const ControllerRegistration = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Where FastChat's servers reach this service, without a trailing slash: its name at the controller. */
  worker_address: z.url({ protocol: /^https?$/ }),
  /** FastChat's own workers beat every 45 s, and are forgotten after 90 s. */
  heart_beat_ms: z.int().positive().default(45_000),
});
export type ControllerRegistration = z.infer<typeof ControllerRegistration>;

/** A template as it is, so that the worker needs no files of templates, and a changed one is a changed configuration. */
export const WorkerTemplate = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('conversation'),
    conversation: ConversationTemplate,
  }),
  z.strictObject({
    kind: z.literal('chat'),
    /** Where it comes from, for people. */
    name: z.string().min(1),
    /** Jinja, as Hugging Face's tokenizers have it. */
    source: z.string().min(1),
    bos_token: z.string().nullable().default(null),
    eos_token: z.string().nullable().default(null),
    /** Further tokens that a template may name: `unk_token`, `pad_token`, … */
    other_tokens: z.record(z.string(), z.string()).readonly().default({}),
    /** What has no place in a user's text. */
    special_tokens: z.array(z.string()).readonly().default([]),
  }),
]);
export type WorkerTemplate = z.infer<typeof WorkerTemplate>;

export const WorkerVersion = z.strictObject({
  name: z.string().min(1).default('default'),
  weight: z.number().min(0).default(100),
  /** How conversations become prompts; null: the engine's own chat endpoint renders them. */
  template: WorkerTemplate.nullable(),
  /** Leaves control tokens in what clients send as they are, so that they end and open turns. */
  allow_control_tokens: z.boolean().default(false),
  limits: WorkerLimits.prefault({}),
  replicas: z.array(WorkerReplica),
});
export type WorkerVersion = z.infer<typeof WorkerVersion>;

export const WorkerService = z.strictObject({
  name: z.string().min(1),
  /** Where the service's own worker answers. A gateway serves a service without it by itself. */
  worker: z.url({ protocol: /^https?$/ }).optional(),
  /** Left out: no controller is told. */
  controller: ControllerRegistration.optional(),
  limits: ServiceLimits.prefault({}),
  versions: z.array(WorkerVersion).min(1),
});
export type WorkerService = z.infer<typeof WorkerService>;

/**
 * `role: worker` serves its one service without a prefix (the front door strips it); `role: gateway` serves all services below
 * `/api/<service>/` and answers for what nobody else took.
 */
export const WorkerConfig = z
  .strictObject({
    role: z.enum(['worker', 'gateway']),
    services: z.array(WorkerService),
  })
  .refine((config) => config.role === 'gateway' || config.services.length === 1, {
    error: 'a worker has exactly one service',
    path: ['services'],
  });
export type WorkerConfig = z.infer<typeof WorkerConfig>;
/** The same before defaults are filled in: what a planner may write. */
export type WorkerConfigInput = z.input<typeof WorkerConfig>;

/**
 * Lies beside the configuration when requests need a token: without the file none is asked for. Replaced by rename, and followed, like
 * the configuration itself.
 */
export const TOKENS_FILE = 'tokens.json';

export const WorkerTokens = z.strictObject({
  tokens: z.array(
    z.strictObject({
      /** Names the token in logs; it is no secret. */
      id: z.string().min(1),
      /** SHA-256 of the token, in hexadecimal digits: tokens are random, so a slow hash would protect nothing more. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** The services that it opens; null: all. */
      services: z.array(z.string()).nullable().default(null),
      /** Milliseconds since 1970; null: never. */
      expires_at_ms: z.number().nullable().default(null),
    }),
  ),
});
export type WorkerTokens = z.infer<typeof WorkerTokens>;

/**
 * Lies beside the configuration while engines start: what whoever watches their logs (the local supervisor, `up` on Docker) sees them do.
 * The worker reads it when it has to refuse a request.
 */
export const ENGINE_PROGRESS_FILE = 'engines.json';

/** Progress that nobody wrote again for so long is no longer believed: its writer may be gone. */
export const PROGRESS_BELIEVED_MS = 60_000;

/** By replica id. */
export const EngineProgressFile = z.record(
  z.string(),
  z.strictObject({
    /** A short phrase for people: `loading weights, 60 %`. */
    text: z.string(),
    /** When it was written, milliseconds since 1970. */
    at_ms: z.number(),
  }),
);
export type EngineProgressFile = z.infer<typeof EngineProgressFile>;
