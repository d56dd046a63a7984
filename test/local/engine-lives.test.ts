import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import { ENGINE_PROGRESS_FILE, EngineProgressFile } from '../../src/config/worker-config.ts';
import { readState } from '../../src/local/state/state-file.ts';
import { makeFakeNpm } from './built-in/fake-npm.ts';
import { ask, type Bench, enginePlan, eventually, servicePlan, withBench } from './stand-ins.ts';

const signal = new AbortController().signal;
const context = { report: () => undefined, signal };
const UNIT = 'chat-engine-0';

/** What is told of the engine's loading; null: nothing. */
function phraseOf({ directory }: Bench): string | null {
  const file = join(directory, 'worker', ENGINE_PROGRESS_FILE);
  if (!existsSync(file)) return null;
  return EngineProgressFile.parse(JSON.parse(readFileSync(file, 'utf8')))[UNIT]?.text ?? null;
}

const portOf = ({ directory }: Bench): number =>
  readState(directory)?.units[0]?.port ?? assert.fail('it has no port');

describe('an engine that loads its model', () => {
  it('says how far it is, beside the worker’s configuration, until it is ready', async () => {
    await withBench(async (bench) => {
      const npm = makeFakeNpm(dirname(bench.parent));
      const engine = enginePlan({ kind: 'llama.cpp', args: ['--load'] });
      const runtime = bench.runtimeWith({ PATH: npm.path });
      await runtime.apply(bench.plan([servicePlan('chat', engine)]), context);
      const phrase = await eventually('a phrase', () => phraseOf(bench));
      assert.equal(phrase, 'loading the model, 40 %');
      // It takes connections already: only its health tells that it is not ready.
      await eventually(
        'it listens',
        () => readState(bench.directory)?.units[0]?.state === 'running' || null,
      );
      assert.equal(phraseOf(bench), phrase);
      await ask(portOf(bench), '/finish');
      await eventually('no phrase', () => (phraseOf(bench) === null ? true : null));
    });
  });
});

describe('an engine that died', () => {
  const pauses = { firstPauseMs: 3_600_000, maxPauseMs: 3_600_000 };

  it('says when it starts again where its loading is told, and keeps its last words findable', async () => {
    await withBench(async (bench) => {
      const plan = bench.plan([servicePlan('chat', enginePlan())]);
      await bench.runtime.apply(plan, context);
      await eventually(
        'it listens',
        () => readState(bench.directory)?.units[0]?.state === 'running' || null,
      );
      await ask(portOf(bench), '/crash');
      const phrase = await eventually('a phrase', () => phraseOf(bench));
      assert.equal(phrase, 'exited (7), starts again in 3600 s');
      const logs = async () => {
        const options = { units: [UNIT], tail: 5, follow: false, signal };
        const lines = await Array.fromAsync(bench.runtime.logs(options));
        return lines.map(({ text }) => text);
      };
      assert.deepEqual(await logs(), ['engine up']);

      await bench.runtime.apply(plan, context);
      await eventually('it works again', () => (phraseOf(bench) === null ? true : null));
      await eventually('its first line', async () => ((await logs()).length === 3 ? true : null));
      assert.deepEqual(await logs(), [
        ...['engine up', '--- started again after it exited (7) (restart 1)', 'engine up'],
      ]);
    }, pauses);
  });
});
