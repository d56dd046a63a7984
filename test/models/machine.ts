/** A user's home directory with its own caches, for tests of the model store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseModelSource } from '../../src/config/values/model-source.ts';
import type {
  LocatedModel,
  ModelForm,
  ModelStore,
  PullProgress,
} from '../../src/models/model-store.ts';
import { openModelStore } from '../../src/models/open-model-store.ts';
import type { PullLimits } from '../../src/models/pull-limits.ts';

export type Machine = {
  readonly home: string;
  readonly env: Record<string, string>;
  /** `models--…` of this model in the hub's cache. */
  repository(id: string): string;
  store(limits?: Partial<PullLimits>): ModelStore;
  locate(source: string, form?: ModelForm): Promise<LocatedModel | null>;
  pull(source: string, options?: PullByText): Promise<LocatedModel>;
  remove(): void;
};

type PullByText = {
  readonly form?: ModelForm;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<PullLimits>;
  readonly onProgress?: (progress: PullProgress) => void;
};

/** Pauses that a test can wait for. */
export const QUICK: Partial<PullLimits> = { pausesMs: [1, 2, 4], stallMs: 20_000 };

export function createMachine(hubUrl: string): Machine {
  const home = mkdtempSync(join(tmpdir(), 'models-'));
  const env: Record<string, string> = { PATH: process.env['PATH'] ?? '', HF_ENDPOINT: hubUrl };
  const store = (limits: Partial<PullLimits> = QUICK): ModelStore =>
    openModelStore({ env, home }, limits);
  return {
    home,
    env,
    store,
    repository: (id) => join(home, '.cache/huggingface/hub', `models--${id.replaceAll('/', '--')}`),
    locate: async (source, form = 'gguf') => store().locate(parseModelSource(source, home), form),
    pull: async (source, options = {}) =>
      store(options.limits).pull(parseModelSource(source, home), {
        form: options.form ?? 'gguf',
        signal: options.signal ?? new AbortController().signal,
        onProgress: options.onProgress ?? (() => undefined),
      }),
    remove: () => {
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Content of that size that looks like nothing else. Compare it with `equals`: the difference of two large buffers takes `assert` minutes to print. */
export function contentOf(bytes: number, seed = 1): Buffer {
  const content = Buffer.alloc(bytes);
  let state = seed;
  for (let at = 0; at < bytes; at += 1) {
    state = (state * 48_271) % 2_147_483_647;
    content[at] = state & 255;
  }
  return content;
}
