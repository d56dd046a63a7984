/** Where weights come from and where they lie on this machine: the contract of `src/models/`. `openModelStore` makes one; README.md tells more. */
import type { ModelSource } from '../config/values/model-source.ts';

/** What an engine wants of a model: llama.cpp one GGUF (of a split one the first part), the others a directory of safetensors. */
export type ModelForm = 'gguf' | 'directory';

export type LocatedModel = {
  /**
   * Absolute: the file, or the directory. From the hub it is, or holds, relative links to `blobs/` two levels above: a container needs the
   * whole repository's directory, not the snapshot alone.
   */
  readonly path: string;
  /** Every file that belongs to it, absolute. */
  readonly files: readonly string[];
  readonly bytes: number;
};

export type PullProgress = {
  /** What is under way: `SmolLM2-135M-Instruct.Q4_1.gguf`, `checking …`, `waiting for another pull of this model`. */
  readonly text: string;
  /** Of the whole pull, with what was here before: it begins above 0 when a pull goes on, and anew when checking gives way to fetching. */
  readonly doneBytes: number;
  /** null: not known (yet). */
  readonly totalBytes: number | null;
};

export type PullOptions = {
  readonly form: ModelForm;
  readonly signal: AbortSignal;
  /** Called often; who shows it makes it rarer. Speed and time left are the display's. */
  readonly onProgress: (progress: PullProgress) => void;
};

/** One model in the caches of this machine. */
export type StoredModel = {
  /** As it can be written as `source`. */
  readonly source: string;
  readonly kind: 'hub' | 'pypi';
  readonly path: string;
  readonly bytes: number;
  /** The hub's commit, or the wheel's version. */
  readonly revision: string;
  /** Branches and tags that point there; empty for wheels. */
  readonly refs: readonly string[];
  /** Files are missing, or a download was interrupted. */
  readonly isComplete: boolean;
  /** ISO 8601. */
  readonly modifiedAt: string;
};

export interface ModelStore {
  /** What is here already, by names and sizes, without any network; null: not (all of) it. Throws `model_not_found` for a path that does not exist. */
  locate(source: ModelSource, form: ModelForm): Promise<LocatedModel | null>;
  /**
   * Fetches what is missing and checks it by size and hash; files that are here and whole are not fetched again, a partial one goes on
   * where it was. Two pulls of one model at once, also of two processes, end with one download. With `HF_HUB_OFFLINE` nothing is asked of the
   * hub, and it is `locate`; wheels are pip's matter and paths are only looked at.
   * Throws `model_not_found`, `model_gated`, `model_not_here` (offline), `hub_unreachable`, `hub_failed`, `disk_full` (before the first
   * byte), `model_corrupt`, `pip_failed`, and the signal's reason.
   */
  pull(source: ModelSource, options: PullOptions): Promise<LocatedModel>;
  list(): Promise<readonly StoredModel[]>;
  /**
   * Removes what `list` calls by that source: a file, a revision, or the whole repository when only the id is named. Files that others need
   * stay. Returns the freed bytes. Throws `model_not_here` (also for a path: that is the user's own), `model_in_use` (a pull
   * or, on Linux, a process that loads it).
   */
  remove(source: ModelSource): Promise<number>;
}

export type ModelStoreOptions = {
  /**
   * `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`, `HF_HOME`, `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `XDG_CACHE_HOME` and `PATH`
   * are read from it. pip gets all of it.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Home directory of the user. */
  readonly home: string;
};
