/** What a pull puts up with. Tests make it shorter. */
import { statfs } from 'node:fs/promises';

export type PullLimits = {
  /** A connection that brings no byte for so long counts as dropped. */
  readonly stallMs: number;
  /** Pauses between attempts that brought nothing; after the last one the pull fails. A byte that arrives begins anew. */
  readonly pausesMs: readonly number[];
  /** Stays free on the disk beyond what the model needs. */
  readonly reserveBytes: number;
  /** Bytes that this user may still write to the disk of an existing directory. */
  freeBytes(directory: string): Promise<number>;
};

export const PULL_LIMITS: PullLimits = {
  stallMs: 60_000,
  pausesMs: [1000, 2000, 4000, 8000, 15_000, 30_000],
  reserveBytes: 256 * 1024 ** 2,
  freeBytes: async (directory) => {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
};
