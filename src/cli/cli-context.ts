/** What every verb is given besides its options: the world, as values, so that tests can pass another one. */
import type { HostObservation } from '../control/observe-host.ts';
import type { Runtimes } from '../control/runtimes.ts';
import type { ModelStore } from '../models/model-store.ts';
import type { Terminal } from './output/terminal.ts';

export type CliContext = {
  /** Where this program lies: the directory with `templates/` and the Dockerfile. */
  readonly productRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How the user called this program: `llm-ops`, or the launcher's path. */
  readonly command: string;
  /** Where this user's fetched models and programs lie, absolute. */
  readonly cache: string;
  readonly terminal: Terminal;
  /** Loads what the runtimes need; verbs that run nothing do without. */
  runtimes(): Promise<Runtimes>;
  modelStore(): Promise<ModelStore>;
  observeHost(): Promise<HostObservation>;
  /** A signal that SIGINT, SIGTERM or SIGHUP aborts; from its first call on they end nothing by themselves. */
  interruption(): AbortSignal;
};

/** The options that mean the same on every verb. */
export type CommonOptions = {
  readonly file: string;
  readonly json: boolean;
  readonly verbose: boolean;
};

export const DEFAULT_FILE = 'llm-ops.yml';

/** A command for the same stack that the user can type. `port`: what was given for `--port`, where the verb asks at it. */
export function commandFor(
  verb: string,
  { file, port }: Pick<CommonOptions, 'file'> & { readonly port?: number | undefined },
  { command }: Pick<CliContext, 'command'>,
): string {
  return [
    quoted(command),
    verb,
    ...(file === DEFAULT_FILE ? [] : ['-f', quoted(file)]),
    ...(port === undefined ? [] : ['--port', String(port)]),
  ].join(' ');
}

/** As a shell reads it back. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
