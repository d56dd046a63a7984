/** A store of models in memory: what is here, what can be fetched, and what was asked of it. */
import { type ModelSource, printModelSource } from '../../src/config/values/model-source.ts';
import type {
  LocatedModel,
  ModelForm,
  ModelStore,
  PullOptions,
  StoredModel,
} from '../../src/models/model-store.ts';
import { LlmOpsError } from '../../src/errors.ts';

export type FakeModelStore = ModelStore & {
  /** Paths of what is here, by `<form> <source>`. */
  readonly here: Map<string, string>;
  stored: StoredModel[];
  /** `locate gguf org/name`, `pull …`, `remove …`, in order. */
  readonly calls: string[];
  /** What a pull does before the model is here. */
  onPull: (source: string, options: PullOptions) => Promise<void>;
};

/** `here`: what lies on this machine from the start, as `<form> <source>`. */
export function fakeModelStore(...here: readonly string[]): FakeModelStore {
  const calls: string[] = [];
  const pathOf = (key: string): string => `/cache/${key.replaceAll(/[^\w.-]+/g, '-')}`;
  const locate = (source: ModelSource, form: ModelForm): LocatedModel | null => {
    const path = store.here.get(`${form} ${printModelSource(source)}`);
    return path === undefined ? null : { path, files: [path], bytes: 1000 };
  };
  const store: FakeModelStore = {
    here: new Map(here.map((key) => [key, pathOf(key)])),
    stored: [],
    calls,
    onPull: () => Promise.resolve(),
    locate: (source, form) => {
      calls.push(`locate ${form} ${printModelSource(source)}`);
      return Promise.resolve(locate(source, form));
    },
    pull: async (source, options) => {
      const key = `${options.form} ${printModelSource(source)}`;
      calls.push(`pull ${key}`);
      await store.onPull(printModelSource(source), options);
      store.here.set(key, pathOf(key));
      return locate(source, options.form) ?? { path: '', files: [], bytes: 0 };
    },
    list: () => Promise.resolve(store.stored),
    remove: (source) => {
      const name = printModelSource(source);
      calls.push(`remove ${name}`);
      if (!store.stored.some((model) => model.source === name))
        return Promise.reject(new LlmOpsError('model_not_here', `${name} is not here`));
      return Promise.resolve(1000);
    },
  };
  return store;
}
