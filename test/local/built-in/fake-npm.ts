/** A program in the place of npm, and a product that pins what it installs. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Installs a package that loads, or does what FAKE_NPM says. Each call is a line of `calls`. */
const NPM = `#!${process.execPath}
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
const say = (lines) => { for (const line of lines) console.error(line); };
appendFileSync(__dirname + '/calls', process.pid + ' ' + process.argv.slice(2).join(' ') + '\\n');
const install = (index) => {
  mkdirSync('node_modules/node-llama-cpp', { recursive: true });
  writeFileSync('node_modules/node-llama-cpp/package.json', JSON.stringify({ name: 'node-llama-cpp', type: 'module', exports: './index.js' }));
  writeFileSync('node_modules/node-llama-cpp/index.js', index);
};
const GOOD = 'export const getLlama = async () => ({ dispose: async () => undefined });';
switch (process.env.FAKE_NPM) {
  case 'unreachable':
    say(['npm error code ECONNREFUSED', 'npm error syscall connect', 'npm error errno ECONNREFUSED',
      'npm error FetchError: request to http://registry/a failed, reason: connect ECONNREFUSED', 'npm error     at ClientRequest.<anonymous>',
      'npm error A complete log of this run can be found in: /home/me/.npm/_logs/x.log']);
    process.exit(1);
  case 'full':
    say(['npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write']);
    install(GOOD);
    break;
  case 'hang':
    setInterval(() => {}, 1000);
    break;
  case 'slow':
    setTimeout(() => install(GOOD), 300);
    break;
  case 'broken':
    install('throw new Error("cannot open shared object file");');
    break;
  default:
    install(GOOD);
}
`;

export type FakeNpm = {
  /** The PATH that has this npm and nothing else. */
  readonly path: string;
  /** The product's root. */
  readonly productRoot: string;
  /** What npm was called with, and as which process. */
  calls(): readonly { readonly pid: number; readonly args: string }[];
};

export function makeFakeNpm(root: string): FakeNpm {
  const bin = join(root, 'npm-bin');
  const pins = join(root, 'product/native/llama.cpp');
  for (const directory of [bin, pins]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(bin, 'npm'), NPM);
  chmodSync(join(bin, 'npm'), 0o755);
  const dependencies = { 'node-llama-cpp': '1.2.3' };
  const entry = { version: '1.2.3', integrity: 'sha512-x' };
  const packages = {
    '': { dependencies },
    'node_modules/node-llama-cpp': entry,
    'node_modules/@node-llama-cpp/linux-x64': { ...entry, optional: true },
  };
  writeFileSync(join(pins, 'package.json'), JSON.stringify({ dependencies }));
  writeFileSync(join(pins, 'package-lock.json'), JSON.stringify({ packages }));
  const log = join(bin, 'calls');
  return {
    path: bin,
    productRoot: join(root, 'product'),
    calls: () =>
      (existsSync(log) ? readFileSync(log, 'utf8') : '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ pid: Number.parseInt(line), args: line.slice(line.indexOf(' ') + 1) })),
  };
}
