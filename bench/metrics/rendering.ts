/** P12: how long a stack of 1,000 services takes from its file to the files of its Compose project. */
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadParts } from '../../src/compose/load-parts.ts';
import { renderCompose } from '../../src/compose/render-compose.ts';
import { parseStackConfig } from '../../src/config/load-stack-config.ts';
import { planStack } from '../../src/plan/plan-stack.ts';
import { toSummary, type Summary } from '../harness/rounds.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { manyServices } from './rendering/many-services.ts';

const SERVICES = 1_000;
const ROOT = join(import.meta.dirname, '../..');
/** Ours: nobody publishes such a figure. Twice as long would be a wait that one notices in a review of each change. */
const MOST_MS = 5_000;
const COMMAND_TIMEOUT_MS = 60_000;

export const rendering: Metric = {
  id: 'P12',
  slug: 'rendering',
  family: 'start',
  measure: measureRendering,
};

async function measureRendering({ isQuick, say }: Bench): Promise<readonly Line[]> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-bench-'));
  try {
    const rounds = isQuick ? 1 : 3;
    const text = manyServices(SERVICES);
    const file = join(directory, 'llm-ops.yml');
    await writeFile(file, text);
    const commands: number[] = [];
    const composes: number[] = [];
    const phases: Phases[] = [];
    for (let round = 0; round < rounds; round += 1) {
      say(`rendering ${SERVICES} services, round ${round + 1} of ${rounds}`);
      const out = `out-${round}`;
      commands.push(await timeCommand(directory, out));
      // Docker Compose has to read all that we wrote: what it takes is a measure for how much there is.
      const composeMs = isQuick ? null : await timeCompose(join(directory, out));
      if (composeMs !== null) composes.push(composeMs);
      phases.push(await timePhases(text, file));
    }
    return toLines({ commands, phases, composes });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Milliseconds of the parts of one rendering in this process. */
type Phases = { readonly loadMs: number; readonly planMs: number; readonly renderMs: number };

async function timePhases(text: string, file: string): Promise<Phases> {
  const parts = await loadParts(join(ROOT, 'templates/compose'));
  const [config, loadMs] = timed(() => parseStackConfig(text, { file, templates: [] }));
  const [plan, planMs] = timed(() => planStack(config, { gpus: null }));
  const options = { parts, version: 'bench', buildContext: '.', origin: 'llm-ops.yml' };
  const [, renderMs] = timed(() => renderCompose(plan, options));
  return { loadMs, planMs, renderMs };
}

function timed<T>(work: () => T): readonly [T, number] {
  const startMs = performance.now();
  const result = work();
  return [result, performance.now() - startMs];
}

/** Wall time of the command line, from its start to its end, every file written anew. Throws when it fails. */
async function timeCommand(directory: string, out: string): Promise<number> {
  const startMs = performance.now();
  const command = ['render', '-f', 'llm-ops.yml', '--elsewhere', '--out', out];
  await execa(process.execPath, [join(ROOT, 'src/cli/main.ts'), ...command], {
    ...{ cwd: directory, stdin: 'ignore', timeout: COMMAND_TIMEOUT_MS },
  });
  return performance.now() - startMs;
}

/** Wall time of `docker compose config` over the result; null where there is none, or it refuses. */
async function timeCompose(directory: string): Promise<number | null> {
  const startMs = performance.now();
  const { failed } = await execa('docker', ['compose', 'config', '--quiet'], {
    ...{ cwd: directory, stdin: 'ignore', reject: false, timeout: COMMAND_TIMEOUT_MS },
  });
  return failed ? null : performance.now() - startMs;
}

type Found = {
  readonly commands: readonly number[];
  readonly phases: readonly Phases[];
  /** As many as commands, or none. */
  readonly composes: readonly number[];
};

function toLines({ commands, phases, composes }: Found): readonly Line[] {
  const command = toSummary(commands);
  const whole = toSummary(phases.map(({ loadMs, planMs, renderMs }) => loadMs + planMs + renderMs));
  const ratio = toSummary(commands.map((ms, round) => ms / (composes[round] ?? NaN)));
  const part = (of: (found: Phases) => number): string =>
    `${toSummary(phases.map(of)).median.toFixed(0)} ms`;
  const composeName = 'docker compose config';
  return [
    {
      ...lineOf({ id: 'P12', summary: command, kept: commands.length }),
      name: `rendering ${SERVICES} services, as a command`,
      ...(composes.length === commands.length && {
        peers: { [composeName]: toSummary(composes).median },
        ratios: { [composeName]: ratio.median },
        spread: { ours: command.spread, [composeName]: ratio.spread },
      }),
      goals: [{ of: 'ours', most: MOST_MS }],
      notes: [
        'from the start of `llm-ops render` to its end, about 1,000 files written; `docker compose config` only reads them',
      ],
    },
    {
      ...lineOf({ id: 'P12-in-process', summary: whole, kept: phases.length }),
      name: `rendering ${SERVICES} services, in a process`,
      notes: [
        `reading the file ${part(({ loadMs }) => loadMs)}, planning ${part(({ planMs }) => planMs)}, rendering ${part(({ renderMs }) => renderMs)}; ` +
          'GPUs are placed by position, without an inventory',
      ],
    },
  ];
}

type LineParts = { readonly id: string; readonly summary: Summary; readonly kept: number };

function lineOf({ id, summary, kept }: LineParts): Omit<Line, 'name' | 'notes'> {
  return {
    ...{ id, unit: 'ms', ours: summary.median, peers: {}, ratios: {}, goals: [] },
    spread: { ours: summary.spread },
    rounds: { kept, thrownAway: {} },
  };
}
