/** FastChat from PyPI, with the versions of `requirements.txt`, in a Python environment of its own in the cache. */
import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchOnce, type Found, tryCommand } from '../fetch-once.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/** Moved together with its environment, which finds itself by where its Python lies. */
const PYTHON = 'environment/bin/python';
const PIP_INSTALL = [
  ...['-m', 'pip', 'install', '--no-input', '--quiet', '--disable-pip-version-check'],
  ...['--requirement', 'requirements.txt'],
];

export type Fastchat = {
  /** The Python that has it. */
  readonly python: string;
  readonly version: string;
};

/** `cache`: the directory that the bench keeps programs in. */
export async function findFastchat(cache: string): Promise<Found<Fastchat>> {
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  // A changed list is another directory.
  const key = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  const directory = join(cache, `fastchat-${key}`);
  const reason = await fetchOnce(directory, fetchInto);
  if (reason !== null) return { missing: reason };
  const version = /^fschat==(\S+)$/m.exec(requirements)?.[1] ?? '';
  return { python: join(directory, PYTHON), version };
}

async function fetchInto(draft: string): Promise<string | null> {
  await copyFile(REQUIREMENTS, join(draft, 'requirements.txt'));
  const noPython = await tryCommand(['python3', '-m', 'venv', 'environment'], draft);
  if (noPython !== null) return `Python cannot make an environment: ${noPython}`;
  const noPackages = await tryCommand([join(draft, PYTHON), ...PIP_INSTALL], draft);
  return noPackages === null ? null : `pip cannot fetch it: ${noPackages}`;
}
