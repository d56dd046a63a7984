/** `tokens.json` beside the worker's configuration: read at the start, and followed with it. */
import { join } from 'node:path';
import { TOKENS_FILE, WorkerTokens } from '../../config/worker-config.ts';
import { LlmOpsError } from '../../errors.ts';
import { parseFile, readIfThere } from '../live/follow-config.ts';
import type { FollowedFile } from '../live/follow-config.ts';
import { toTokenSet } from './token-set.ts';
import type { TokenSet } from './token-set.ts';

/** The tokens in force; `set` is null where none is asked for. Changed in place, so that the next request sees it. */
export type LiveTokens = { set: TokenSet | null };

/**
 * The tokens, and the file for `followConfig` to go on from. Throws `config_invalid` when the file is there and cannot be used.
 *
 * While it is followed, a broken file and one that is gone leave the last good set in force, and are told of: a mistake, or somebody who
 * can delete a file, must not open the door. Only a new file, or a start without one, does away with the old set. One that comes to a worker
 * without tokens and cannot be used closes the door to all: somebody wanted it closed.
 */
export async function loadTokens(
  directory: string,
  onChange: (count: number) => void,
): Promise<{ readonly tokens: LiveTokens; readonly followed: FollowedFile }> {
  const file = join(directory, TOKENS_FILE);
  const text = await readIfThere(file);
  const tokens: LiveTokens = { set: text === null ? null : parseTokens(text, file) };
  const take = (changed: string | null): void => {
    if (changed === null) throw gone(file);
    tokens.set = parseTokens(changed, file);
    onChange(tokens.set.size);
  };
  const failed = (): void => {
    tokens.set ??= NOBODY;
  };
  return { tokens, followed: { file, text, take, failed } };
}

/** The set that no token is in. */
const NOBODY: TokenSet = new Map();

function parseTokens(text: string, file: string): TokenSet {
  try {
    return toTokenSet(parseFile(WorkerTokens, text, file), file);
  } catch (error) {
    // The cause quotes what it cannot read: in this file it may be a token, put there by mistake.
    throw error instanceof LlmOpsError ? new LlmOpsError(error.code, error.message) : error;
  }
}

function gone(file: string): LlmOpsError {
  return new LlmOpsError('config_invalid', `${file} is gone: the tokens that it had stay valid`, {
    hint: 'write it again, or start the worker without it to ask for no tokens',
  });
}
