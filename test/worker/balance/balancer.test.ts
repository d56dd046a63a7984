import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Prompt } from '../../../src/engines/engine.ts';
import { Balancer } from '../../../src/worker/balance/balancer.ts';
import { createSeeded } from '../../load/harness/seeded.ts';
import { run } from './caching-engines.ts';
import type { CachingEngine, Choose } from './caching-engines.ts';

const TENANTS = 60;
const PREFIX_CHARACTERS = 6_000;
/** Room for 20 tenants of 23 blocks and what they ask: with 4 engines for all of them, if each stays at one. */
const CAPACITY_BLOCKS = 20 * 25;

function text(content: string): Prompt {
  return { kind: 'text', text: content, hasSpecialTokens: true };
}

/** Text that has nothing in common with that of another name. */
function wordsOf(name: string, characters: number): string {
  return `${name} says: `.repeat(Math.ceil(characters / name.length)).slice(0, characters);
}

function balanced(): Choose {
  const balancer = new Balancer<CachingEngine>();
  return (engines, prompt) => balancer.choose(engines, prompt)!;
}

const roundRobin: Choose = (_engines, _prompt, next) => next;

/** Tenants in a random order, each with a beginning of its own, and a question that nobody asked before. */
function tenantPrompts(count: number): readonly Prompt[] {
  const random = createSeeded(1);
  return Array.from({ length: count }, (_, i) => {
    const tenant = random.between(1, TENANTS);
    return text(wordsOf(`tenant ${tenant}`, PREFIX_CHARACTERS) + wordsOf(`question ${i}`, 300));
  });
}

describe('60 tenants with a beginning of 6,000 characters each, on 4 engines', () => {
  const setting = { engines: 4, capacityBlocks: CAPACITY_BLOCKS };
  const prompts = tenantPrompts(4_000);
  // The best possible: each beginning is computed once, and never again.
  const oracle = run(prompts, {
    engines: 1,
    capacityBlocks: Infinity,
    atOnce: 1,
    choose: roundRobin,
  });

  for (const atOnce of [1, 40, 200]) {
    it(`find at least 0.9 of what could be found in the caches, ${atOnce} at once`, (t) => {
      const ours = run(prompts, { ...setting, atOnce, choose: balanced() });
      const others = run(prompts, { ...setting, atOnce, choose: roundRobin });
      t.diagnostic(
        `hit rate ${ours.hitRate.toFixed(3)}, best ${oracle.hitRate.toFixed(3)}, round robin ${others.hitRate.toFixed(3)}; served ${ours.served.join(', ')}; most at once ${ours.peak}`,
      );
      assert.ok(ours.hitRate >= 0.9 * oracle.hitRate, `${ours.hitRate} of ${oracle.hitRate}`);
      assert.ok(ours.hitRate >= 2 * others.hitRate, `${ours.hitRate}, ${others.hitRate}`);
      assert.ok(ours.beyondBound <= 0, `${ours.beyondBound} beyond the bound`);
    });
  }
});

describe('prompts without a common beginning', () => {
  it('are spread as evenly as by turns', () => {
    const prompts = Array.from({ length: 2_000 }, (_, i) => text(wordsOf(`prompt ${i}`, 2_000)));
    for (const atOnce of [1, 3, 40]) {
      const ours = run(prompts, { engines: 4, capacityBlocks: 500, atOnce, choose: balanced() });
      assert.deepEqual(ours.served, [500, 500, 500, 500]);
      assert.equal(ours.peak, Math.ceil(atOnce / 4));
    }
  });
});

describe('a beginning that everybody shares', () => {
  const SYSTEM = wordsOf('you are helpful', 6_000);

  for (const atOnce of [40, 400]) {
    it(`does not glue all to one engine: the load stays within the bound, ${atOnce} at once`, (t) => {
      const prompts = Array.from({ length: 4_000 }, (_, i) =>
        text(SYSTEM + wordsOf(`user ${i}`, 600)),
      );
      const ours = run(prompts, { engines: 4, capacityBlocks: 5_000, atOnce, choose: balanced() });
      t.diagnostic(`served ${ours.served.join(', ')}; most at once ${ours.peak}`);
      assert.ok(ours.beyondBound <= 0, `${ours.beyondBound} beyond the bound`);
      const [least, most] = [Math.min(...ours.served), Math.max(...ours.served)];
      assert.ok(most <= 1.5 * least, `served ${ours.served.join(', ')}`);
    });
  }

  it('of one block makes nobody wait behind more than one other', () => {
    const prompts = Array.from({ length: 400 }, (_, i) =>
      text(wordsOf('hello', 256) + wordsOf(`user ${i}`, 200)),
    );
    const ours = run(prompts, { engines: 4, capacityBlocks: 500, atOnce: 4, choose: balanced() });
    assert.ok(ours.peak <= 2, `${ours.peak} at one engine`);
  });
});

describe('the choice of an engine', () => {
  const PROMPT = text(wordsOf('tenant', PREFIX_CHARACTERS));

  it('passes over one that is not among the candidates, and comes back to where it went last', () => {
    const balancer = new Balancer<{ inFlight: number }>();
    const [a, b] = [{ inFlight: 0 }, { inFlight: 0 }];
    assert.equal(balancer.choose([a], PROMPT), a);
    assert.equal(balancer.choose([b], PROMPT), b);
    a.inFlight = 0;
    b.inFlight = 5;
    assert.equal(balancer.choose([a, b], PROMPT), b);
  });

  it('leaves one that is overloaded for good', () => {
    const balancer = new Balancer<{ inFlight: number }>();
    const [a, b] = [{ inFlight: 0 }, { inFlight: 0 }];
    assert.equal(balancer.choose([a], PROMPT), a);
    a.inFlight = 100;
    assert.equal(balancer.choose([a, b], PROMPT), b);
    a.inFlight = 0;
    assert.equal(balancer.choose([a, b], PROMPT), b);
  });

  it('goes by load alone for what is no prompt, and is null without candidates', () => {
    const balancer = new Balancer<{ inFlight: number }>();
    const [a, b] = [{ inFlight: 3 }, { inFlight: 2 }];
    assert.equal(balancer.choose([a, b], null), b);
    assert.equal(balancer.choose([], PROMPT), null);
  });
});
