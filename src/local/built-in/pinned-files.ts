/** What npm is given: the product's pins, cut down to one machine. Pure. */
import { z } from 'zod';

import { LlmOpsError } from '../../errors.ts';

const Manifest = z.looseObject({ dependencies: z.record(z.string(), z.string()) });

const LockedPackage = z.looseObject({
  version: z.string().optional(),
  integrity: z.string().optional(),
  optional: z.boolean().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});

const Lock = z.looseObject({ packages: z.record(z.string(), LockedPackage) });

export type PinnedFiles = {
  /** Texts of package.json and package-lock.json. */
  readonly manifest: string;
  readonly lock: string;
};

/**
 * Makes the one binary package of a machine a dependency like any other, with its version and hash from the lock, and takes all optional
 * ones out. `npm ci` would refuse the lock otherwise where the registry has not all binaries of all machines, as mirrors often do not.
 * Throws `engine_missing` where the binary is not pinned.
 */
export function pinnedFiles({ manifest, lock }: PinnedFiles, binary: string): PinnedFiles {
  const wanted = Manifest.parse(JSON.parse(manifest));
  const locked = Lock.parse(JSON.parse(lock));
  const { version, integrity, ...rest } = locked.packages[`node_modules/${binary}`] ?? {};
  if (version === undefined || integrity === undefined)
    throw new LlmOpsError('engine_missing', `the product pins no ${binary}`, {
      hint: 'Install llama-server, or start Docker and run the stack there.',
    });
  const dependencies = { ...wanted.dependencies, [binary]: version };
  const packages = Object.entries(locked.packages).flatMap(([path, entry]) =>
    entry.optional === true ? [] : [[path, withoutOptional(entry)] as const],
  );
  const all = {
    ...Object.fromEntries(packages),
    '': { ...locked.packages[''], dependencies },
    [`node_modules/${binary}`]: { ...withoutOptional(rest), version, integrity },
  };
  return {
    manifest: JSON.stringify({ ...wanted, dependencies }),
    lock: JSON.stringify({ ...locked, packages: all }),
  };
}

function withoutOptional(entry: z.infer<typeof LockedPackage>): z.infer<typeof LockedPackage> {
  const rest = { ...entry };
  delete rest.optional;
  delete rest.optionalDependencies;
  return rest;
}
