import { stat } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';

import type { LocatedModel, ModelForm } from '../model-store.ts';
import type { ModelFacts, ModelFile } from './model-facts.ts';
import { readDirectory } from './read-directory.ts';
import { readGguf } from './read-gguf.ts';

/** Reads the headers of a model's files, never the weights. Throws `model_corrupt` for what cannot be read as what it is called. */
export async function describeModel(located: LocatedModel, form: ModelForm): Promise<ModelFacts> {
  const { path, bytes } = located;
  const directory = form === 'directory' ? path : dirname(path);
  const files = await Promise.all(
    located.files.map(async (file): Promise<ModelFile> => {
      const name = relative(directory, file).replaceAll(sep, '/');
      return { name, bytes: (await stat(file)).size };
    }),
  );
  if (form === 'directory') {
    const names = files.map(({ name }) => name);
    return { ...(await readDirectory(directory, names)), files, bytes };
  }
  const others = located.files.filter((file) => file !== path && file.endsWith('.gguf'));
  const { kvCache, ...facts } = await readGguf([path, ...others.sort()]);
  return { ...facts, files, bytes, memory: { weightsBytes: bytes, kvCache } };
}
