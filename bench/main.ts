/**
 * `npm run bench`: measures ours beside the engine itself, nginx and the other TypeScript gateway, in one run. `bench/README.md` says what
 * each metric means. The exit status is 0 when all that was asked for could be measured, whatever it showed; `--check` asks for more.
 */
import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, program } from 'commander';
import { addedLatency } from './metrics/added-latency.ts';
import { capacity } from './metrics/capacity.ts';
import { chunkCpu } from './metrics/chunk-cpu.ts';
import { costGrowth } from './metrics/cost-growth.ts';
import { fastchat } from './metrics/fastchat.ts';
import { firstToken } from './metrics/first-token.ts';
import { memory } from './metrics/memory.ts';
import type { Line, Metric } from './metrics/metric.ts';
import { plainCpu } from './metrics/plain-cpu.ts';
import { rendering } from './metrics/rendering.ts';
import { routing } from './metrics/routing.ts';
import { start } from './metrics/start.ts';
import { throughput } from './metrics/throughput.ts';
import { wireBytes } from './metrics/wire-bytes.ts';
import { benchCores, pinSelf } from './harness/pin.ts';
import { compareRuns } from './report/compare.ts';
import { writeJson } from './report/json.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { buildReport } from './report/report.ts';
import { keepResults, readResults } from './report/results.ts';
import { paintOn, printReport } from './report/table.ts';
import { updateReadme } from './report/update-readme.ts';
import { findTargets } from './targets/find-targets.ts';

/** In the order in which they are measured. */
const METRICS: readonly Metric[] = [
  plainCpu,
  addedLatency,
  firstToken,
  chunkCpu,
  capacity,
  wireBytes,
  costGrowth,
  throughput,
  routing,
  start,
  rendering,
  memory,
  fastchat,
];

type Options = {
  readonly quick: boolean;
  readonly only?: readonly Metric[];
  readonly json?: string;
  readonly keep: boolean;
  readonly check: boolean;
};

/** `plain-cpu`, `P1`, `P5-converted` (which comes with its P5), or several with commas between them. */
function findMetrics(names: string, before: readonly Metric[] = []): readonly Metric[] {
  return names.split(',').reduce((found, name) => {
    const wanted = name.trim().toLowerCase();
    const [number] = wanted.split('-');
    const asked =
      METRICS.find(({ slug }) => slug === wanted) ??
      METRICS.find(({ id, also = [] }) =>
        [id, ...also].some((one) => one.toLowerCase() === number),
      );
    if (asked !== undefined) return found.includes(asked) ? found : [...found, asked];
    const known = METRICS.map(({ id, slug }) => `${slug} (${id})`).join(', ');
    throw new InvalidArgumentError(`There is no metric "${name}". There are ${known}.`);
  }, before);
}

program
  .name('npm run bench --')
  .description('Measures ours beside the engine itself, nginx, Portkey and FastChat, in one run.')
  .option('--quick', 'fewer and shorter rounds: three minutes in place of fifteen', false)
  .option('--only <names>', 'these metrics only: plain-cpu, P1, …', findMetrics)
  .option('--json <file>', 'write the lines of the table as JSON')
  .option('--keep', 'keep the run in bench/results, and the table in README.md', false)
  .option('--check', 'fail where a ratio is worse than in the run that is kept', false)
  .showHelpAfterError()
  .parse();

const { quick: isQuick, only, json, keep, check } = program.opts<Options>();
if (keep && (isQuick || only !== undefined))
  program.error('--keep takes a whole run: without --quick and --only');

if (json !== undefined)
  await access(dirname(resolve(json)), constants.W_OK).catch(() => {
    program.error(`--json ${json}: nothing can be written to ${dirname(resolve(json))}`);
  });

const root = new URL('..', import.meta.url).pathname;
const startedMs = Date.now();
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const machine = await describeMachine();
const commit = await describeCommit(root);
const chosen = METRICS.filter(
  (metric) => only?.includes(metric) ?? !(isQuick && metric.needs !== undefined),
);
const without = METRICS.flatMap(({ needs }) =>
  needs === undefined || chosen.some((metric) => metric.needs === needs) ? [] : [needs],
);
const targets = await findTargets({ say, without, env: process.env });
const cores = benchCores();
if (cores.target === null)
  say(
    'nothing is pinned to a core: there is no taskset, or only one core. Figures will differ more.',
  );
pinSelf(cores.bench);

const measured: { metric: Metric; lines: readonly Line[] }[] = [];
const failed: string[] = [];
for (const metric of chosen) {
  const passedS = Math.round((Date.now() - startedMs) / 1_000);
  say(`${metric.id} ${metric.slug} (after ${passedS} s)`);
  try {
    measured.push({ metric, lines: await metric.measure({ isQuick, targets, say }) });
  } catch (error) {
    // The others are worth having.
    failed.push(metric.slug);
    say(
      `${metric.slug} could not be measured: ${error instanceof Error ? error.stack : String(error)}`,
    );
  }
}

const report = buildReport({ measured, targets, isQuick, machine, commit, now: new Date() });
const kept = await readResults();
process.stdout.write(printReport(report, paintOn(process.stdout)));
if (json !== undefined) await writeJson(json, report);
const slower = kept === null ? [] : compareRuns(report, kept);
if (check && kept !== null)
  slower.forEach((text) => say(`worse than the run of ${kept.date}: ${text}`));
if (keep && failed.length > 0) say(`not kept, because it is not whole: ${failed.join(', ')}`);
else if (keep) {
  say(`kept in ${await keepResults(report)}`);
  await updateReadme();
}
say(`took ${Math.round((Date.now() - startedMs) / 1_000)} s`);
process.exitCode = failed.length > 0 || (check && slower.length > 0) ? 1 : 0;
