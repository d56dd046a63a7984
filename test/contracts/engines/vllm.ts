import { join } from 'node:path';
import { freePorts } from '../../e2e/free-ports.ts';
import { findEngineCore, giveWay, provided } from '../../vllm/real-vllm.ts';
import { startProcess } from './engine-process.ts';
import type { EngineUnderTest, RunningEngine } from './engine-under-test.ts';
import { vllmQuestions } from './vllm-api-client.ts';

const MODEL = 'tiny';
/** As much as the tiny model has, so that an answer lasts for seconds. In tokens. */
const CONTEXT_LENGTH = 4096;
const ON_A_PROCESSOR = ['--dtype', 'float32', '--enforce-eager'];

/** vLLM itself, on a processor, with a tiny model whose text is noise. */
export const VLLM: EngineUnderTest = {
  column: 'vLLM',
  speaks: 'vLLM’s API',
  start: () => startVllm(provided('VLLM_MODEL')),
  deaths: [
    {
      // The API server lives on for a moment: it sends an error event, and then [DONE].
      name: 'its engine process is killed',
      kill: async ({ pid }) => {
        if (pid !== null) process.kill(await findEngineCore(pid), 'SIGKILL');
      },
    },
  ],
  deviations: {},
};

/** `model`: the directory of one that is as small. */
export async function startVllm(model: string): Promise<RunningEngine> {
  const [port] = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const address = ['--host', '127.0.0.1', '--port', String(port)];
  const args = ['--max-model-len', String(CONTEXT_LENGTH), ...ON_A_PROCESSOR, ...address];
  const engine = await startProcess({
    file: join(provided('VLLM_BIN'), 'vllm'),
    args: ['serve', model, '--served-model-name', MODEL, ...args],
    env: { VLLM_CPU_KVCACHE_SPACE: '1', HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1' },
    url,
  });
  await giveWay(await findEngineCore(engine.pid));
  return {
    ...engine,
    kind: 'vllm',
    model: MODEL,
    contextLength: CONTEXT_LENGTH,
    ...vllmQuestions(url, MODEL),
  };
}
