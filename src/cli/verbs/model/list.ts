/** `model list`: the models in the caches of this machine. */
import type { StoredModel } from '../../../models/model-store.ts';
import { printTable } from '../../../plan/print-table.ts';
import type { CliContext } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { printBytes } from '../../output/print-bytes.ts';
import type { ModelOptions } from './read-source.ts';

const COLUMNS = 100;
/** A path of which less is left says nothing. */
const NARROWEST_PATH = 24;
const COMMIT = /^[0-9a-f]{40}$/;

export async function modelList({ json }: ModelOptions, context: CliContext): Promise<ExitStatus> {
  const { terminal } = context;
  const models = await (await context.modelStore()).list();
  if (json) terminal.out(JSON.stringify({ models }, null, 2));
  else if (models.length === 0) terminal.out('There are no models here.');
  else terminal.out(printModels(models));
  return 0;
}

/** A source that is cut can not be typed: paths get what is left of the line, their ends first, or are left out. */
function printModels(models: readonly StoredModel[]): string {
  const rows = models.map(({ source, bytes, revision, refs, isComplete }) => [
    source,
    printBytes(bytes),
    refs[0] ?? (COMMIT.test(revision) ? revision.slice(0, 8) : revision),
    isComplete ? 'yes' : 'no',
  ]);
  const lines = printTable([['SOURCE', 'SIZE', 'REVISION', 'COMPLETE'], ...rows], Infinity);
  const head = lines.split('\n');
  const taken = Math.max(...head.map((line) => line.length)) + 2;
  const room = COLUMNS - taken;
  if (room < NARROWEST_PATH) return lines;
  const paths = ['PATH', ...models.map(({ path }) => cutStart(path, room))];
  return head.map((line, at) => `${line.padEnd(taken)}${paths[at] ?? ''}`.trimEnd()).join('\n');
}

function cutStart(text: string, length: number): string {
  return text.length > length ? `…${text.slice(text.length - length + 1)}` : text;
}
