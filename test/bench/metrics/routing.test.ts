import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hitRate, oracleHitRate } from '../../../bench/metrics/routing/hit-rate.ts';
import {
  plainPrompts,
  tenantPrefix,
  tenantPrompts,
} from '../../../bench/metrics/routing/tenants.ts';
import { createPrefixCache } from '../../../src/engine-server/simulator/prefix-cache.ts';
import { tokenize } from '../../../src/engine-server/simulator/tokenizer.ts';

const LOAD = { tenants: 5, each: 4, prefixTokens: 600, salt: 'a test', random: Math.random };

describe('the rate of hits', () => {
  it('is that of the time between two looks, of all engines together', () => {
    const before = [
      { queries: 1_000, hits: 900 },
      { queries: 0, hits: 0 },
    ];
    const after = [
      { queries: 1_100, hits: 950 },
      { queries: 300, hits: 50 },
    ];
    assert.equal(hitRate(before, after), 0.25);
  });

  it('is what a cache without bounds gives, for the oracle', () => {
    const cache = createPrefixCache(10_000_000);
    let [queries, hits] = [0, 0];
    for (const prompt of tenantPrompts(LOAD)) {
      const tokens = tokenize(prompt);
      const sequence = cache.open(tokens);
      sequence.end();
      queries += tokens.length;
      hits += sequence.cachedTokens;
    }
    const [prompt = ''] = tenantPrompts({ ...LOAD, tenants: 1, each: 1 });
    const oracle = oracleHitRate({
      ...LOAD,
      sharedTokens: tokenize(tenantPrefix(LOAD, 0)).length,
      promptTokens: tokenize(prompt).length,
    });
    // Questions are of different lengths, by a token or two.
    assert.ok(Math.abs(oracle - hits / queries) < 0.01, `${oracle} and ${hits / queries}`);
  });
});

describe('the load of many tenants', () => {
  it('has as many requests of each tenant as were asked for, and none of them twice', () => {
    const prompts = tenantPrompts(LOAD);
    assert.equal(prompts.length, 20);
    assert.equal(new Set(prompts).size, 20);
    for (let tenant = 0; tenant < 5; tenant += 1) {
      const prefix = tenantPrefix(LOAD, tenant);
      assert.equal(prompts.filter((prompt) => prompt.startsWith(prefix)).length, 4);
    }
  });

  it('shares about as many tokens as were asked for', () => {
    const { length } = tokenize(tenantPrefix({ ...LOAD, prefixTokens: 6_000 }, 3));
    assert.ok(length >= 6_000 && length < 6_030, String(length));
  });

  it('has beginnings that differ before a cache’s first block is full', () => {
    const beginnings = [0, 1, 12].map((tenant) => tenantPrefix(LOAD, tenant).slice(0, 20));
    assert.equal(new Set(beginnings).size, 3);
    const plain = plainPrompts({ count: 100, salt: 'a test' }).map((text) => text.slice(0, 4));
    assert.equal(new Set(plain).size, 100);
  });
});
