import { LlmOpsError } from '../../errors.ts';
import type { PullLimits } from '../pull-limits.ts';

/** Throws `disk_full` when `bytes` more and the reserve do not fit on the disk of the (existing) directory. */
export async function requireSpace(
  what: string,
  bytes: number,
  directory: string,
  limits: PullLimits,
): Promise<void> {
  if (bytes <= 0) return;
  const neededBytes = bytes + limits.reserveBytes;
  const freeBytes = await limits.freeBytes(directory);
  if (freeBytes >= neededBytes) return;
  throw new LlmOpsError(
    'disk_full',
    `${what} needs ${toGiB(neededBytes)} of disk, and ${directory} has ${toGiB(freeBytes)} left.`,
    {
      hint: 'Make room (`llm-ops model list` shows what is here), or point HF_HOME (wheels: XDG_CACHE_HOME) at a larger disk.',
      details: { neededBytes, freeBytes, directory },
    },
  );
}

/** What the file system said while we wrote, as an error for people: `disk_full`, else `path_refused`. */
export function toWriteError(error: unknown, file: string): LlmOpsError {
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LlmOpsError('disk_full', `The disk is full: ${reason}`, {
      hint: 'Make room and pull again: it goes on where it was.',
      cause: error,
    });
  return new LlmOpsError('path_refused', `Cannot write ${file}: ${reason}`, { cause: error });
}

/** As messages have it: `4.7 GiB`; small sizes keep two digits, so that none reads as nothing. */
function toGiB(bytes: number): string {
  const gib = bytes / 1024 ** 3;
  return `${gib.toFixed(gib < 1 ? 2 : 1)} GiB`;
}
