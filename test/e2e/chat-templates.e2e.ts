/** Our chat templates beside Python's jinja2, set up as transformers does it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { describeParity } from '../prompts/chat/parity/describe-parity.ts';
import { startPython } from '../prompts/chat/parity/python-renderer.ts';
import type { PythonRenderer } from '../prompts/chat/parity/python-renderer.ts';
import { run } from './shell.ts';

/** The version that transformers 5 is tested with. */
const JINJA2 = 'jinja2==3.1.6';

let modules = '';

after(async () => {
  if (modules !== '') await rm(modules, { recursive: true, force: true });
});

describeParity('chat templates beside those of jinja2', openPython);

async function openPython(): Promise<PythonRenderer | { readonly missing: string }> {
  const python = 'python3';
  const found = await run(python, ['-c', 'import jinja2']);
  if (found.exitCode === 0) return await startPython({ python, by: 'jinja2' });
  const pip = await run(python, ['-m', 'pip', '--version']);
  if (pip.exitCode !== 0) return { missing: 'there is no python3 with jinja2 or pip here' };
  modules = await mkdtemp(join(tmpdir(), 'llm-ops-jinja2-'));
  const target = ['--quiet', '--disable-pip-version-check', '--target', modules, JINJA2];
  const installed = await run(python, ['-m', 'pip', 'install', ...target]);
  if (installed.exitCode !== 0)
    return { missing: `pip cannot install jinja2: ${installed.stderr}` };
  return await startPython({ python, by: 'jinja2', modules });
}
