/** The plan: pure data saying what should be. `planStack` makes it, the renderers and runtimes read it. */
import type { ControllerConfig, LimitsConfig, WorkerCount } from '../config/stack-config.ts';
import type { ModelSource } from '../config/values/model-source.ts';
import type { TemplateChoice } from '../config/values/template-choice.ts';
import type { EngineKind, WorkerTemplate } from '../config/worker-config.ts';

export type StackPlan = {
  /** Project name, lower case: names Compose's project and the state directory. */
  readonly name: string;
  readonly gateway: GatewayPlan;
  readonly services: readonly ServicePlan[];
  /** Absolute: the directory of the user's own conversation templates; null: none. */
  readonly templates: string | null;
  /** For the reader of the generated files and of `plan`: things that work, but that one should know. */
  readonly warnings: readonly string[];
};

export type GatewayPlan = {
  /** Public host name; null: any. */
  readonly domain: string | null;
  /** Address of this machine that the ports are published on. */
  readonly listen: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly tls: TlsPlan;
};

type TlsPlan =
  | { readonly kind: 'off' }
  | { readonly kind: 'self-signed' }
  /** Absolute paths of PEM files on this machine. */
  | { readonly kind: 'files'; readonly cert: string; readonly key: string }
  | { readonly kind: 'acme'; readonly email: string };

export type ServicePlan = {
  /** As the user wrote it: one URL segment, `/api/<name>/`. */
  readonly name: string;
  /** `[a-z0-9-]`, unique in the stack, at most 40 characters: names routers and hosts. */
  readonly slug: string;
  readonly engine: EngineKind;
  /** The model's name at the engine; null: the worker asks the engine. */
  readonly model: string | null;
  readonly template: TemplatePlan;
  /** Compose name of the service's worker: `<name>-worker`. */
  readonly worker: string;
  /** Host name of the worker in the edge network: `<slug>-worker`. */
  readonly workerHost: string;
  /** A FastChat controller that is to know the service; null: none. */
  readonly controller: ControllerConfig | null;
  readonly limits: LimitsConfig;
  /** Processes of the worker. */
  readonly workers: WorkerCount;
  readonly replicas: readonly ReplicaPlan[];
};

/** How conversations become prompts: what the user chose, and what that is on this machine. */
export type TemplatePlan = {
  readonly choice: TemplateChoice;
  /** null: nobody has looked yet (`control/choose-templates.ts` does). */
  readonly chosen: ChosenTemplate | null;
};

export type ChosenTemplate = {
  /** null: the engine's own chat endpoint renders. */
  readonly template: WorkerTemplate | null;
  /** For people, the end of a sentence: `its name matches …`. */
  readonly why: string;
};

export type ReplicaPlan = {
  /** `<service>-engine-<n>`, n from 0: name of the Compose service or of the process, and id in the worker's states. */
  readonly id: string;
  /** Host name in the engines network: `<slug>-engine-<n>`. */
  readonly host: string;
  /** An engine that we start, or the address of one that runs already. */
  readonly engine: EnginePlan | { readonly url: string };
};

/** How to start one engine. Everything that a container and a process have in common. */
export type EnginePlan = {
  readonly kind: EngineKind;
  readonly source: ModelSource | null;
  /** Image that the user chose; null: the engine's own default, which its template in `templates/compose` knows. */
  readonly image: string | null;
  /** Further arguments of the engine's command, in the user's order. */
  readonly args: readonly string[];
  /** null: passed on from the environment of whoever starts the stack. */
  readonly env: Readonly<Record<string, string | null>>;
  /** The port that the engine listens on in its container. A process gets a free one. */
  readonly port: number;
  readonly gpus: readonly GpuPlan[];
  readonly volumes: readonly VolumePlan[];
  readonly resources: ResourcesPlan;
  /** Seconds without a request after which the engine gives its memory back until the next one; null: never. */
  readonly idleUnloadS: number | null;
};

export type GpuPlan = {
  /** What Docker's `device_ids` and `CUDA_VISIBLE_DEVICES` take: a UUID, or the index as text. */
  readonly id: string;
  readonly name: string | null;
};

/** `source`: a named volume, or an absolute path on this machine. */
export type VolumePlan = {
  readonly kind: 'volume' | 'bind';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
};

type ResourcesPlan = {
  /** Cores. */
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
  readonly shmBytes: number | null;
};
