/** P11: how long a gateway takes from nothing to its first answer. */
import { startEngine } from '../harness/engine/engine.ts';
import { benchCores } from '../harness/pin.ts';
import { watchQuiet } from '../harness/quiet.ts';
import { runRounds, type Sample } from '../harness/rounds.ts';
import { startMsOf } from '../targets/program.ts';
import type { StartTarget, TargetName } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;

export const start: Metric = {
  id: 'P11',
  slug: 'start',
  family: 'start',
  measure: async (bench) => [await measure(bench)],
};

async function measure({ isQuick, targets, say }: Bench): Promise<Line> {
  const { target: core, bench: engineCore } = benchCores();
  const engine = await startEngine({ core: engineCore });
  const startOnce = async (name: string, options: StartTarget): Promise<Sample> => {
    const target = targets.found.get(name as TargetName);
    if (target === undefined) return { spoilt: 'errors' };
    const watch = watchQuiet();
    const running = await target.start(options);
    const isBusy = watch.wasBusy();
    await running.close();
    return isBusy ? { spoilt: 'busy machine' } : { values: { startMs: startMsOf(running) } };
  };
  try {
    const contenders = [...PEERS, 'ours' as const].filter((name) => targets.found.has(name));
    const options = { engineUrl: engine.url, core };
    say(`starts of ${contenders.join(', ')}`);
    // The first start reads its files from the disk, which is not what is asked.
    for (const name of contenders) await startOnce(name, options);
    const rounds = await runRounds({
      contenders,
      count: isQuick ? 3 : 7,
      measure: (name) => startOnce(name, options),
    });
    return toLine(rounds, {
      id: 'P11',
      name: 'from the start of the process to the first answer',
      unit: 'ms',
      value: 'startMs',
      peers: PEERS,
      goals: [
        { of: 'ours', most: 300 },
        { of: 'portkey', most: 0.25 },
      ],
      notes: ['files are in the page cache; ours runs its sources, as it does without Docker'],
    });
  } finally {
    await engine.close();
  }
}
