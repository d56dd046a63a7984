/** nginx of this machine, or Debian's package, unpacked in the cache without installing anything. */
import { execa } from 'execa';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchOnce, type Found, tryCommand } from '../fetch-once.ts';

export type Nginx = {
  /** An absolute path. */
  readonly program: string;
  /** `1.22.1`. */
  readonly version: string;
};

const PACKAGES = ['nginx', 'nginx-common'];

/** `cache`: the directory that the bench keeps programs in. */
export async function findNginx(cache: string): Promise<Found<Nginx>> {
  const { stdout: installed } = await execa('sh', ['-c', 'command -v nginx'], { reject: false });
  const itsVersion = installed === '' ? null : await versionOf(installed);
  if (itsVersion !== null) return { program: installed, version: itsVersion };
  const directory = join(cache, `nginx-${process.arch}`);
  const reason = await fetchOnce(directory, fetchInto);
  if (reason !== null) return { missing: `nginx is not on the PATH, and ${reason}` };
  const program = programIn(directory);
  const version = await versionOf(program);
  return version === null
    ? { missing: `${program} does not run here; it may lack a library` }
    : { program, version };
}

const programIn = (directory: string): string => join(directory, 'usr/sbin/nginx');

async function fetchInto(draft: string): Promise<string | null> {
  const download = (): Promise<string | null> =>
    tryCommand(['apt-get', 'download', '--quiet', ...PACKAGES], draft);
  let reason = await download();
  // The lists of packages may be missing or old; only root may renew them.
  if (reason !== null && process.getuid?.() === 0) {
    await tryCommand(['apt-get', 'update', '--quiet'], draft);
    reason = await download();
  }
  if (reason !== null) return `apt-get cannot download it: ${reason}`;
  for (const file of (await readdir(draft)).filter((name) => name.endsWith('.deb'))) {
    const problem = await tryCommand(['dpkg', '-x', file, '.'], draft);
    if (problem !== null) return `dpkg cannot unpack it: ${problem}`;
    await rm(join(draft, file));
  }
  const isComplete = (await versionOf(programIn(draft))) !== null;
  return isComplete ? null : 'what apt-get downloads has no nginx that runs here';
}

/** null: it does not run. */
async function versionOf(program: string): Promise<string | null> {
  const { failed, all } = await execa(program, ['-v'], { all: true, reject: false });
  return failed ? null : toNginxVersion(all);
}

/** `nginx version: nginx/1.22.1` → `1.22.1`; null: that is not what nginx says. */
export function toNginxVersion(text: string): string | null {
  return /nginx\/(\d[\w.]*)/.exec(text)?.[1] ?? null;
}
