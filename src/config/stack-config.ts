/** What the user asked for: the file `llm-ops.yml`, checked, with every default filled in. `loadStackConfig` makes it. */
import type { GpuDemand } from './values/gpu-demand.ts';
import type { ModelSource } from './values/model-source.ts';
import type { TemplateChoice } from './values/template-choice.ts';
import type { VolumeMount } from './values/volume-mount.ts';
import type { EngineKind } from './worker-config.ts';

export type StackConfig = {
  /** Lower case: names Compose's project and the state directory. */
  readonly name: string;
  readonly gateway: GatewayConfig;
  readonly hosts: {
    /** The machine's GPUs by index; null: not said. */
    readonly gpus: readonly HostGpu[] | null;
  };
  /** Absolute: conversation templates of the user's, which add to ours and take their places; null: none. */
  readonly templates: string | null;
  /** In the order of the file. At least one. */
  readonly services: readonly ServiceConfig[];
};

export type GatewayConfig = {
  /** Public host name; null: any. */
  readonly domain: string | null;
  /** IP address of this machine that the ports are published on. */
  readonly listen: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly tls: TlsConfig;
};

export type TlsConfig =
  | { readonly kind: 'off' }
  | { readonly kind: 'self-signed' }
  /** Absolute paths of PEM files on this machine. */
  | { readonly kind: 'files'; readonly cert: string; readonly key: string }
  | { readonly kind: 'acme'; readonly email: string };

type HostGpu = { readonly name: string; readonly memoryGiB: number };

export type ServiceConfig = {
  /** One URL segment. */
  readonly name: string;
  readonly engine: EngineKind;
  /** The address of an engine that runs already, without a trailing slash or `/v1`; null: we start one. */
  readonly url: string | null;
  readonly source: ModelSource | null;
  readonly image: string | null;
  readonly args: readonly string[];
  /** null: passed on from the environment of whoever starts the stack. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly port: number | null;
  /** What each replica asks for; null: no GPU. */
  readonly gpu: GpuDemand | null;
  readonly template: TemplateChoice;
  readonly resources: ResourcesConfig;
  readonly volumes: readonly VolumeMount[];
  readonly replicas: number;
  /** Seconds without a request after which the engine gives its memory back until the next one; null: never. Only llama.cpp can. */
  readonly idleUnloadS: number | null;
  /** A FastChat controller that is to know the service; null: none. */
  readonly controller: ControllerConfig | null;
  readonly limits: LimitsConfig;
  /** Processes that serve requests before the engines. */
  readonly workers: WorkerCount;
};

/** auto: one for each core of the machine. */
export type WorkerCount = number | 'auto';

/** Addresses have no slash at the end. */
export type ControllerConfig = {
  readonly url: string;
  /** Where FastChat's servers reach the service; null: where its runtime makes it answer. */
  readonly workerAddress: string | null;
};

/** What a service takes on and how long it waits. null: as the worker has it by default (`worker-config.ts`). */
export type LimitsConfig = {
  /** Requests that may be at the engines at once, and that may wait besides. */
  readonly concurrency: number | null;
  readonly queueLength: number | null;
  readonly queueTimeoutS: number | null;
  /** Silence of an engine in the middle of an answer. */
  readonly idleTimeoutS: number | null;
  readonly bodyBytes: number | null;
  readonly promptCharacters: number | null;
  /** A client that does not read what there is for it. */
  readonly readerTimeoutS: number | null;
  /** Silence towards a client before a sign of life. */
  readonly keepAliveS: number | null;
  /** For how long a frame with all text so far may wait for more. */
  readonly frameWaitMs: number | null;
};

type ResourcesConfig = {
  /** Cores. */
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
  readonly shmBytes: number | null;
};
