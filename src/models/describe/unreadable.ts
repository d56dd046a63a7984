import { open } from 'node:fs/promises';
import { basename } from 'node:path';

import { LlmOpsError } from '../../errors.ts';

/** How a pointer begins that Git LFS leaves where the file itself was not fetched (github.com/git-lfs/git-lfs, docs/spec.md). */
const POINTER = 'version https://git-lfs.github.com/spec/';

/** `model_corrupt` for a file that is not what it is called, such as `a GGUF`; it may be but a pointer to it. */
export async function unreadable(
  file: string,
  what: string,
  cause?: unknown,
): Promise<LlmOpsError> {
  const isPointer = await beginsWith(file, POINTER);
  return new LlmOpsError(
    'model_corrupt',
    isPointer
      ? `${basename(file)} is a pointer of Git LFS, not ${what}`
      : `${basename(file)} cannot be read as ${what}`,
    {
      hint: isPointer
        ? 'Fetch it with `git lfs pull` where it was cloned, or with llm-ops model pull.'
        : 'Fetch it again with llm-ops model pull, or get a whole copy of the file.',
      details: { file, ...(cause instanceof Error && { reason: cause.message }) },
      cause,
    },
  );
}

async function beginsWith(file: string, text: string): Promise<boolean> {
  await using handle = await open(file);
  const head = Buffer.alloc(text.length);
  await handle.read(head, 0, head.length, 0);
  return head.toString('latin1') === text;
}
