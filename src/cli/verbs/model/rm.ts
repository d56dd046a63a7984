/** `model rm`: removes a model from the caches of this machine. */
import type { CliContext } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { printBytes } from '../../output/print-bytes.ts';
import { readSource, type SourceOptions } from './read-source.ts';

export async function modelRm(options: SourceOptions, context: CliContext): Promise<ExitStatus> {
  const { source, json } = options;
  const store = await context.modelStore();
  const freedBytes = await store.remove(readSource(source));
  context.terminal.out(
    json
      ? JSON.stringify({ source, freedBytes })
      : `${source} was removed: ${printBytes(freedBytes)} are free again.`,
  );
  return 0;
}
