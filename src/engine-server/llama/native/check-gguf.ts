import { open } from 'node:fs/promises';

import { LlmOpsError } from '../../../errors.ts';

const MAGIC = 'GGUF';

/** Says in plain words what llama.cpp would put in its own. Throws `model_not_found` or `model_corrupt`. */
export async function checkGguf(path: string): Promise<void> {
  const head = await readHead(path);
  if (head === MAGIC) return;
  throw new LlmOpsError('model_corrupt', `${path} is no GGUF file.`, {
    hint: 'llama.cpp reads models in this format only.',
  });
}

async function readHead(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LlmOpsError('model_not_found', `Cannot read the model ${path}: ${reason}.`, {
      cause: error,
    });
  }
}
