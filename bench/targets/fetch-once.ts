/** Programs of others: fetched once for a user, and kept in the cache. */
import { execa } from 'execa';
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A registry that does not answer is no reason to wait for ever. */
const COMMAND_TIMEOUT_MS = 180_000;
const MOST_REASON_CHARACTERS = 300;

/** What there is; or why there is nothing, for people. */
export type Found<T> = T | { readonly missing: string };

/**
 * Returns null when the directory is there, whole: from earlier, or filled now by `fill`, which gets an empty one and tells why it cannot
 * fill it, or null. Else the reason, and nothing is left behind.
 */
export async function fetchOnce(
  directory: string,
  fill: (draft: string) => Promise<string | null>,
): Promise<string | null> {
  if (await isThere(directory)) return null;
  const draft = `${directory}.draft-${randomUUID()}`;
  try {
    await mkdir(draft, { recursive: true });
    const reason = await fill(draft);
    if (reason !== null) return reason;
    await rename(draft, directory).catch(async (error: unknown) => {
      // Somebody else may have been faster.
      if (!(await isThere(directory))) throw error;
    });
    return null;
  } catch (error) {
    return `${dirname(directory)} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Runs a program in a directory. null: it succeeded; else what is wrong, in one sentence for people. Never throws. */
export async function tryCommand(
  command: readonly [program: string, ...args: string[]],
  directory: string,
): Promise<string | null> {
  const [program, ...args] = command;
  const { failed, all, code, timedOut } = await execa(program, args, {
    ...{ cwd: directory, stdin: 'ignore', all: true, reject: false, timeout: COMMAND_TIMEOUT_MS },
  });
  if (!failed) return null;
  if (code === 'ENOENT') return `there is no ${program} on the PATH`;
  if (timedOut) return `${program} took longer than ${COMMAND_TIMEOUT_MS / 1_000} s`;
  return toReason(all) ?? `${program} failed without a word`;
}

/** How apt and npm begin the lines of an error. */
const ERROR = /^(?:E:|npm (?:error|ERR!)) */;
/** Lines of npm's errors that are no sentences. */
const NO_SENTENCE = /^(code|errno|syscall|path|type|stack)\b|^at |^[{}]|^A complete log/;

/** The first sentence of an error, else the last line of all that was said; null: nothing was. */
function toReason(said: string): string | null {
  const lines = said.split('\n').map((line) => line.trim());
  const sentence = lines
    .filter((line) => ERROR.test(line))
    .map((line) => line.replace(ERROR, ''))
    .find((line) => line !== '' && !NO_SENTENCE.test(line));
  const reason = sentence ?? lines.findLast((line) => line !== '');
  return reason?.slice(0, MOST_REASON_CHARACTERS) ?? null;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
