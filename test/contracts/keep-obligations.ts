/** One test for each obligation, and one that compares what came out with the table in the documentation. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { it } from 'node:test';
import { format, resolveConfig } from 'prettier';
import type { EngineUnderTest } from './engines/engine-under-test.ts';
import type { Obligation } from './obligation.ts';
import { KEPT, readColumn, writeColumn } from './table-of-keeping.ts';
import type { Section } from './table-of-keeping.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/engines.md', import.meta.url));

/**
 * Called within a `describe`. An obligation that the engine deviates from has to fail: a deviation that is gone is to be struck out. With
 * `UPDATE_CONTRACTS=1` the table is written instead of compared.
 */
export function keepObligations<Subject>(options: {
  readonly section: Section;
  readonly engine: EngineUnderTest;
  readonly obligations: readonly Obligation<Subject>[];
  /** Asked when the tests run, after `before`. */
  readonly subject: () => Subject;
}): void {
  const { section, engine, obligations, subject } = options;
  const cells = new Map<string, string>();
  for (const { name, check } of obligations) {
    const reason = engine.deviations[name];
    it(reason === undefined ? name : `does not keep: ${name}`, async (t) => {
      const kept = check(subject(), (figure) => t.diagnostic(`${engine.column}: ${figure}`));
      if (reason === undefined) await kept;
      else await assert.rejects(kept, Error, `"${name}" is kept: strike the deviation out`);
      cells.set(name, reason ?? KEPT);
    });
  }
  it('the documentation says the same', async (t) => {
    if (cells.size < obligations.length) {
      t.skip('not all obligations were tried, or kept');
      return;
    }
    const document = await readFile(DOCUMENT, 'utf8');
    if (process.env['UPDATE_CONTRACTS'] === '1') {
      const written = writeColumn(document, section, { column: engine.column, cells });
      const style = await resolveConfig(DOCUMENT);
      await writeFile(DOCUMENT, await format(written, { ...style, parser: 'markdown' }));
    } else {
      const documented = readColumn(document, section, engine.column);
      assert.deepEqual(documented, cells, 'UPDATE_CONTRACTS=1 writes docs/engines.md');
    }
  });
}
