import { fileURLToPath } from 'node:url';
import { freePorts } from '../../e2e/free-ports.ts';
import { ask } from '../../worker/worker-harness.ts';
import { killProcess, startProcess } from './engine-process.ts';
import type { Death, EngineUnderTest, RunningEngine } from './engine-under-test.ts';
import { ENGINE_SERVER_DEVIATIONS } from './engine-server-deviations.ts';
import { vllmQuestions } from './vllm-api-client.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/engine-server/main.ts', import.meta.url));
const MODEL = 'tiny';
const CONTEXT_LENGTH = 1024;

/** Our simulator as the program that users run, a little slower than it can be, so that an answer can be left in its middle. */
export const SIMULATOR: EngineUnderTest = {
  column: 'simulator',
  speaks: 'vLLM’s API',
  start,
  deaths: [
    { name: 'its process is killed', kill: killProcess },
    { name: 'it dies as vLLM does', arm: fault({ error_at_token: 5 }) },
    { name: 'it breaks the connection', arm: fault({ die_at_token: 5 }) },
    { name: 'it ends in the middle of an event', arm: fault({ half_event_at_token: 5 }) },
  ],
  deviations: {
    ...ENGINE_SERVER_DEVIATIONS,
    'tokenize an empty prompt': 'its tokenizer has a begin token, the recorded one has none',
  },
};

async function start(): Promise<RunningEngine> {
  const [port] = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const args = [
    '--model',
    MODEL,
    '--port',
    String(port),
    '--context-length',
    String(CONTEXT_LENGTH),
  ];
  const pace = ['--ttft-ms', '1', '--itl-ms', '1', '--answer-tokens', String(2 * CONTEXT_LENGTH)];
  const engine = await startProcess({
    file: process.execPath,
    args: [PROGRAM, ...args, ...pace],
    url,
  });
  return {
    ...engine,
    kind: 'sim',
    model: MODEL,
    contextLength: CONTEXT_LENGTH,
    ...vllmQuestions(url, MODEL),
  };
}

function fault(faults: object): Required<Death>['arm'] {
  return async ({ url }) => {
    const { status, text } = await ask(`${url}/sim/faults`, { body: faults });
    if (status !== 200) throw new Error(`the fault was refused: ${text}`);
  };
}
