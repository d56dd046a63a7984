/** What the owner and its servers say to each other. Messages of one direction arrive in the order in which they were sent. */
import type { WorkerConfig, WorkerTokens } from '../../config/worker-config.ts';
import type { ReplicaState } from '../balance/health.ts';
import type { VisitEnd } from '../balance/health/visit.ts';
import type { Counts } from '../metrics/processes/counts.ts';
import type { TransferredError } from './transferred-error.ts';

/** Names of the configuration, for what is an object on either side. */
export type VersionName = { readonly service: string; readonly version: string };

/** Of a question, which is answered once. */
export type Question =
  /** Is there room to wait in? */
  | ({ readonly kind: 'room' } & VersionName)
  /** Its places, and a replica. `blocks`: the prompt's beginning, as `prefixBlocks` has it; null: there is no choice. */
  | ({ readonly kind: 'admit'; readonly blocks: readonly number[] | null } & VersionName)
  /** Another replica for what has its places by question `of`. */
  | { readonly kind: 'other'; readonly of: number }
  /** Nothing listens where question `of` was sent. */
  | { readonly kind: 'lost'; readonly of: number }
  /** Any replica that can answer. */
  | { readonly kind: 'any'; readonly service: string }
  | { readonly kind: 'queue'; readonly service: string }
  /** The metrics of all processes. */
  | { readonly kind: 'scrape' }
  | { readonly kind: 'alive' };

/** A replica by its place in the version's list, in the configuration that was sent last. */
export type Grant = { readonly version: string; readonly replica: number };

/** The state of each replica, by service, then by version, in the configuration's order. */
export type States = Readonly<Record<string, Readonly<Record<string, readonly ReplicaState[]>>>>;

export type ToOwner =
  /** The server can hear. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'listening'; readonly url: string }
  /** It could not begin, and ends. */
  | { readonly kind: 'failed'; readonly error: TransferredError }
  | { readonly kind: 'ask'; readonly n: number; readonly question: Question }
  /** What question `n` got is given back; who still waits for it waits no more. */
  | { readonly kind: 'release'; readonly n: number }
  /** How the visit at the replica of question `n` ended. */
  | { readonly kind: 'ended'; readonly n: number; readonly end: VisitEnd }
  /** What became of visits since the last time. */
  | { readonly kind: 'progress'; readonly visits: readonly VisitProgress[] }
  /** `n`: which `count` it answers; null: on its own account. */
  | { readonly kind: 'counts'; readonly n: number | null; readonly counts: Counts };

export type VisitProgress = {
  readonly n: number;
  /** Its engine sent something, to it or to another visit of this server. */
  readonly hasProgressed: boolean;
  /** It waits for its engine: the reader is not what holds it up. */
  readonly isWaiting: boolean;
};

/** How a server listens and logs. */
type ServerSettings = {
  readonly configDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
};

export type ToServer =
  | {
      readonly kind: 'begin';
      readonly settings: ServerSettings;
      readonly config: WorkerConfig;
      readonly states: States;
      readonly tokens: WorkerTokens | null;
    }
  | { readonly kind: 'config'; readonly config: WorkerConfig; readonly states: States }
  | { readonly kind: 'states'; readonly states: States }
  | { readonly kind: 'tokens'; readonly tokens: WorkerTokens | null }
  | { readonly kind: 'answer'; readonly n: number; readonly value: unknown }
  | {
      readonly kind: 'refusal';
      readonly n: number;
      readonly error: TransferredError;
      /** It had its places by then. */
      readonly isAdmitted: boolean;
    }
  | { readonly kind: 'count'; readonly n: number }
  /** It is to end: what is under way has so many milliseconds, and nobody is wanted any more. */
  | { readonly kind: 'drain'; readonly drainMs: number }
  /** No new requests for answers; it ends with the last one. */
  | { readonly kind: 'stop' };
