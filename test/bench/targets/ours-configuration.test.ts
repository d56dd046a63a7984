import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { toWorkerConfig, writeConfiguration } from '../../../bench/targets/ours/configuration.ts';
import { WorkerConfig, WorkerTokens } from '../../../src/config/worker-config.ts';

const engineUrl = 'http://127.0.0.1:9876';

describe('our configuration of the bench', () => {
  it('has a template of conversations and the one engine', async () => {
    const { services } = await toWorkerConfig({ engineUrl });
    const [version] = services[0]!.versions;
    assert.equal(version?.template?.kind, 'conversation');
    assert.deepEqual(
      version.replicas.map(({ url }) => url),
      [engineUrl],
    );
  });

  it("waits with a frame as long as it is told, else for the product's own time", async () => {
    const waitOf = async (frameWaitMs?: number): Promise<number | undefined> =>
      (await toWorkerConfig({ engineUrl, frameWaitMs })).services[0]?.limits.frame_wait_ms;
    const product = WorkerConfig.parse({
      role: 'worker',
      services: [{ name: 'x', versions: [{ template: null, replicas: [] }] }],
    });
    assert.equal(await waitOf(0), 0);
    assert.equal(await waitOf(), product.services[0]?.limits.frame_wait_ms);
  });

  it('asks with one token of a hundred', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'llm-ops-ours-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const token = await writeConfiguration(directory, { engineUrl });
    const file = await readFile(join(directory, 'tokens.json'), 'utf8');
    const { tokens } = WorkerTokens.parse(JSON.parse(file));
    const sha256 = createHash('sha256').update(token).digest('hex');
    assert.equal(tokens.length, 100);
    assert.equal(tokens.filter((entry) => entry.sha256 === sha256).length, 1);
    assert.ok(!file.includes(token));
  });
});
