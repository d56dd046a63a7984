/** A process that pulls one model and prints what happens, a JSON value a line; for tests that kill it. Arguments: home, source, form. */
import type { ModelForm } from '../../src/models/model-store.ts';
import { parseModelSource } from '../../src/config/values/model-source.ts';
import { openModelStore } from '../../src/models/open-model-store.ts';

const [home = '', source = '', form = 'gguf'] = process.argv.slice(2);
const located = await openModelStore({ env: process.env, home }).pull(
  parseModelSource(source, home),
  {
    form: form as ModelForm,
    signal: new AbortController().signal,
    onProgress: (progress) => {
      console.log(JSON.stringify(progress));
    },
  },
);
console.log(JSON.stringify(located));
