/**
 * P10: what routing by prefixes is worth. Four simulated engines, each with room for a third of all tenants in its prefix cache; a worker
 * before them sends requests by our policy, or the client takes turns between four services of one engine each in that same worker.
 */
import { watchQuiet } from '../harness/quiet.ts';
import { runRounds, type Sample } from '../harness/rounds.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { type Asked, askAll } from './routing/ask-all.ts';
import { hitRate, oracleHitRate } from './routing/hit-rate.ts';
import { ALL, onlyReplica, type Replicas, startReplicas } from './routing/replicas.ts';
import { plainPrompts, tenantPrefix, tenantPrompts } from './routing/tenants.ts';
import { toLine } from './to-line.ts';

const REPLICAS = 4;
const CONCURRENCY = 16;
/** Some 6,700 characters. Of more, the simulators' own work on so many prompts would be most of what is measured. */
const PREFIX_TOKENS = 2_000;
const ANSWER_TOKENS = 16;
/** A beginning takes 0.6 s where nothing of it is cached, as 6,000 tokens do on a large model's engine. */
const PACE = { 'ttft-ms': 20, 'prefill-ms-per-token': 0.3, 'itl-ms': 5 };
/** Of all tenants' beginnings, that one engine's cache has room for. */
const CACHE_PART = 1 / 3;

const FULL = { rounds: 3, tenants: 60, each: 10, plainRounds: 5 };
const QUICK = { rounds: 1, tenants: 18, each: 8, plainRounds: 2 };
/** Short prompts of one round with nothing in common: they are over in little more than a second. */
const PLAIN = 180;

export const routing: Metric = {
  id: 'P10',
  slug: 'routing',
  family: 'routing',
  measure: measureRouting,
};

type Load = typeof FULL;

async function measureRouting({ isQuick, say }: Bench): Promise<readonly Line[]> {
  const load = isQuick ? QUICK : FULL;
  const replicas = await startReplicas({
    count: REPLICAS,
    flags: {
      ...PACE,
      'answer-tokens': ANSWER_TOKENS,
      // As of today's models: the worker has no need to have each prompt counted by its engine.
      'context-length': 131_072,
      'kv-cache-tokens': Math.round(CACHE_PART * load.tenants * PREFIX_TOKENS),
    },
  });
  try {
    // Until the code that requests go through is compiled.
    await askPlain(replicas, { name: 'ours', salt: 'the first' });
    let turn = 0;
    const rounds = await runRounds({
      contenders: ['ours', 'round robin', 'oracle'],
      count: load.rounds,
      measure: async (name) => {
        if (name === 'oracle') return askOracle(replicas, load);
        turn += 1;
        const sample = await measureOnce(replicas, { load, name, salt: `turn ${turn}` });
        say(`P10 ${name}: ${JSON.stringify(sample)}`);
        return sample;
      },
    });
    const plainRounds = await runRounds({
      contenders: ['ours', 'round robin'],
      count: load.plainRounds,
      measure: async (name) => {
        turn += 1;
        return measurePlain(replicas, { name, salt: `turn ${turn}` });
      },
    });
    const peers = ['round robin'];
    const notes = [describeLoad(load)];
    return [
      toLine(rounds, {
        ...{ id: 'P10', name: 'throughput of four replicas', unit: 'tokens/s', notes, peers },
        value: 'tokensPerS',
        goals: [{ of: 'round robin', least: 1.8 }],
      }),
      toLine(rounds, {
        ...{ id: 'P10-hits', name: 'part of the prompts found in a prefix cache', unit: '' },
        value: 'hitRate',
        peers: [...peers, 'oracle'],
        goals: [{ of: 'oracle', least: 0.9 }],
        notes: ['oracle: every request but each tenant’s first finds its beginning'],
      }),
      toLine(rounds, {
        ...{ id: 'P10-first-token', name: 'mean time to the first token', unit: 'ms', peers },
        value: 'firstMs',
        goals: [{ of: 'round robin', most: 0.25 }],
        notes: [],
      }),
      toLine(plainRounds, {
        ...{ id: 'P10-plain', name: 'throughput with nothing to share', unit: 'tokens/s', peers },
        value: 'tokensPerS',
        goals: [{ of: 'round robin', least: 0.95 }],
        notes: [`${PLAIN} short prompts without a common beginning, ${CONCURRENCY} at once`],
      }),
    ];
  } finally {
    await replicas.close();
  }
}

function describeLoad({ tenants, each }: Load): string {
  return (
    `${REPLICAS} simulated engines, each with a prefix cache for a third of ${tenants} tenants with ${PREFIX_TOKENS} tokens in common each; ` +
    `${each} requests a tenant in random order, ${CONCURRENCY} at once, answers of ${ANSWER_TOKENS} tokens; round robin is the client’s, through the same worker`
  );
}

type Turn = { readonly load: Load; readonly name: string; readonly salt: string };

async function measureOnce(replicas: Replicas, { load, name, salt }: Turn): Promise<Sample> {
  const { tenants, each } = load;
  const prompts = tenantPrompts({
    ...{ tenants, each, salt, prefixTokens: PREFIX_TOKENS, random: Math.random },
  });
  const watch = watchQuiet();
  const before = await replicas.counts();
  const shared = await ask(replicas, { name, prompts });
  const after = await replicas.counts();
  if (shared.errors > 0) return { spoilt: 'errors' };
  if (watch.wasBusy()) return { spoilt: 'busy machine' };
  return {
    values: {
      tokensPerS: tokensPerS(shared),
      firstMs: shared.firstMs.reduce((sum, ms) => sum + ms, 0) / shared.firstMs.length,
      hitRate: hitRate(before, after),
    },
  };
}

/** Nothing to measure: what is best follows from the load. */
async function askOracle(replicas: Replicas, { tenants, each }: Load): Promise<Sample> {
  const options = { prefixTokens: PREFIX_TOKENS, salt: 'turn 1' };
  const [prompt = ''] = tenantPrompts({ ...options, tenants: 1, each: 1, random: Math.random });
  const sharedTokens = await replicas.countTokens(tenantPrefix(options, 0));
  const promptTokens = await replicas.countTokens(prompt);
  return { values: { hitRate: oracleHitRate({ tenants, each, sharedTokens, promptTokens }) } };
}

type Prompts = { readonly name: string; readonly prompts: readonly string[] };

function ask({ port }: Replicas, { name, prompts }: Prompts): Promise<Asked> {
  const serviceOf = (at: number): string => (name === 'ours' ? ALL : onlyReplica(at % REPLICAS));
  return askAll({ port, serviceOf, prompts, concurrency: CONCURRENCY });
}

type Plain = Omit<Turn, 'load'>;

async function measurePlain(replicas: Replicas, plain: Plain): Promise<Sample> {
  const watch = watchQuiet();
  const asked = await askPlain(replicas, plain);
  if (asked.errors > 0) return { spoilt: 'errors' };
  if (watch.wasBusy()) return { spoilt: 'busy machine' };
  return { values: { tokensPerS: tokensPerS(asked) } };
}

function askPlain(replicas: Replicas, { name, salt }: Plain): Promise<Asked> {
  return ask(replicas, { name, prompts: plainPrompts({ count: PLAIN, salt }) });
}

function tokensPerS({ firstMs, elapsedMs }: Asked): number {
  return (firstMs.length * ANSWER_TOKENS * 1_000) / elapsedMs;
}
