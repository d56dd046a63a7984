import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Line } from '../../../../bench/metrics/metric.ts';
import { judge } from '../../../../bench/report/judge.ts';
import { plotFamily } from '../../../../bench/report/plot/plot-family.ts';
import { SAMPLE, sampleLine } from '../sample-report.ts';

const plot = (...lines: readonly Line[]) =>
  plotFamily({ family: 'chunks', lines: lines.map(judge) });

/** Of XML without comments and entities of its own: tags that are closed in their order, quoted attributes, one root. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  let roots = 0;
  const rest = xml.replace(
    /<(\/?)([a-zA-Z]+)((?: [a-zA-Z][\w-]*="[^"<]*")*)(\/?)>/g,
    (_, closing: string, name: string, __, empty: string) => {
      if (open.length === 0 && closing === '') roots += 1;
      if (closing !== '') assert.equal(open.pop(), name);
      else if (empty === '') open.push(name);
      return '';
    },
  );
  assert.deepEqual([open, roots], [[], 1]);
  assert.doesNotMatch(rest, /[<>]|&(?!#\d+;)/);
}

const valuesOf = (svg: string, name: string): readonly number[] =>
  [...svg.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value]) => Number(value));

const barsOf = (svg: string): readonly number[] =>
  [...svg.matchAll(/<rect class="bar[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));

describe('a plot', () => {
  it('is well-formed XML with a bar for each contender of each line', () => {
    for (const family of SAMPLE.families) {
      const svg = plotFamily(family);

      assertWellFormed(svg);
      const contenders = family.lines.map(({ peers }) => 1 + Object.keys(peers).length);
      assert.equal(
        barsOf(svg).length,
        contenders.reduce((sum, count) => sum + count),
      );
    }
  });

  it('is well-formed whatever is in the names', () => {
    const name = `<b> & "quoted" 'too' ]]>`;
    const svg = plot(sampleLine({ id: '<&>', name, unit: '<&>', peers: { '<&>': 3 }, goals: [] }));

    assertWellFormed(svg);
    assert.ok(!svg.includes('<b>'));
  });

  it('tells its title and all values to who cannot see it', () => {
    const svg = plot(sampleLine());

    assert.match(svg, /<title>Chunks of a stream<\/title>/);
    assert.match(svg, /role="img" aria-label="[^"]*ours 100 µs, nginx 25 µs, portkey 1000 µs"/);
  });

  it('takes nothing from outside, and follows the reader’s colour scheme', () => {
    const svg = plot(sampleLine());

    assert.doesNotMatch(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|url\(|@import/);
    assert.match(svg, /prefers-color-scheme: dark/);
  });

  it('has lengths in proportion, and says so when they are logarithmic', () => {
    const near = plot(sampleLine({ ours: 20, peers: { nginx: 1 }, spread: {}, goals: [] }));
    const far = plot(sampleLine({ ours: 20.5, peers: { nginx: 1 }, spread: {}, goals: [] }));

    const [ours = 0, nginx = 0] = barsOf(near);
    assert.ok(Math.abs(ours / nginx - 20) < 0.2, `${ours} and ${nginx}`);
    assert.doesNotMatch(near, /logarithmic/);
    assert.match(far, />µs, logarithmic</);
    const [longer = 0, shorter = 0] = barsOf(far);
    assert.ok(shorter > 10 && longer < 10 * shorter, `${longer} and ${shorter}`);
  });

  it('has a line for each goal whose peer was measured', () => {
    const goals = [
      { of: 'nginx', most: 5 },
      { of: 'portkey', most: 0.125 },
      { of: 'ours', least: 1 },
    ];
    const svg = plot(sampleLine({ peers: { nginx: 25 }, goals }));

    assert.equal([...svg.matchAll(/<line class="goal"/g)].length, 2);
    assert.match(svg, />≤ 5 × nginx</);
    assert.doesNotMatch(svg, /portkey/);
    assert.match(svg, /peers that were skipped are left out/);
  });

  it('survives values that were not measured, zero and negative ones', () => {
    const odd = [NaN, null, 0, -5, Infinity];
    for (const ours of odd) {
      for (const peer of [NaN, 0, -1, 1, 1e9]) {
        const spread = { ours: peer > 0 ? ([-1, 0] as const) : ([NaN, 1] as const) };
        const svg = plot(sampleLine({ ours, peers: { nginx: peer, portkey: 1e5 }, spread }));

        assertWellFormed(svg);
        assert.doesNotMatch(svg, /NaN|Infinity/);
        for (const width of [...valuesOf(svg, 'width'), ...valuesOf(svg, 'x')]) {
          assert.ok(width >= 0 && width <= 800, String(width));
        }
      }
    }
    assert.match(plot(sampleLine({ ours: null })), />not measured</);
  });

  it('keeps our value clear of the lines of the goals', () => {
    const goals = [1.02, 1.05, 3].map((most) => ({ of: 'nginx', most }));
    const svg = plot(sampleLine({ ours: 25, peers: { nginx: 25 }, spread: {}, goals }));

    const [, value] = /<text class="value" x="([\d.]+)"/.exec(svg) ?? [];
    const lines = [...svg.matchAll(/<line class="goal" x1="([\d.]+)"/g)].map(([, x]) => Number(x));
    assert.equal(lines.length, 3);
    assert.equal(lines.filter((x) => x < Number(value)).length, 2);
  });

  it('stays within its width and keeps the texts of goals apart', () => {
    const goals = [1, 1.01, 1.02, 1.03].map((most) => ({ of: 'nginx', most }));
    const svg = plot(sampleLine({ ours: 25, peers: { nginx: 25 }, spread: {}, goals }));

    const texts = [
      ...svg.matchAll(/<text class="goal-text" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"/g),
    ].map(([, x, y, anchor]) => ({ x, y, anchor }));
    assert.equal(texts.length, 4);
    // Three left of their lines would lie on each other in one row.
    assert.equal(new Set(texts.filter(({ anchor }) => anchor === 'end').map(({ y }) => y)).size, 3);
  });
});
