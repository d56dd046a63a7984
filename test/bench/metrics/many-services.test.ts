import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { manyServices } from '../../../bench/metrics/rendering/many-services.ts';
import { loadParts } from '../../../src/compose/load-parts.ts';
import { renderCompose } from '../../../src/compose/render-compose.ts';
import { parseStackConfig } from '../../../src/config/load-stack-config.ts';
import { planStack } from '../../../src/plan/plan-stack.ts';

const TEMPLATES = join(import.meta.dirname, '../../../templates/compose');

describe('the stack of many services', () => {
  it('is valid, and has as many services as were asked for', () => {
    const config = parseStackConfig(manyServices(1_000), { file: 'llm-ops.yml', templates: [] });
    assert.equal(config.services.length, 1_000);
    assert.deepEqual(
      new Set(config.services.map(({ engine }) => engine)),
      new Set(['vllm', 'sim', 'llama.cpp', 'openai']),
    );
  });

  it('becomes a Compose project with a configuration for each worker', async () => {
    const config = parseStackConfig(manyServices(8), { file: 'llm-ops.yml', templates: [] });
    const plan = planStack(config, { gpus: null });
    const parts = await loadParts(TEMPLATES);
    const options = { parts, version: 'test', buildContext: '.', origin: 'llm-ops.yml' };
    const paths = renderCompose(plan, options).map(({ path }) => path);
    const workers = paths.filter((path) => path.startsWith('workers/model-'));
    assert.equal(workers.length, 8);
    assert.ok(paths.includes('docker-compose.yml'));
  });
});
