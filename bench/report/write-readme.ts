/** `node bench/report/write-readme.ts` puts the run that is kept into README.md; with `--check` it only says whether it is there. */
import { parseArgs } from 'node:util';

import { LlmOpsError } from '../../src/errors.ts';
import { checkReadme, updateReadme } from './update-readme.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

try {
  await (values.check ? checkReadme() : updateReadme());
} catch (error) {
  if (!(error instanceof LlmOpsError)) throw error;
  process.stderr.write([error.message, error.hint, ''].filter((line) => line !== null).join('\n'));
  process.exitCode = 1;
}
