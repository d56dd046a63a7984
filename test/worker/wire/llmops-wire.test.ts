import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { ask, oneService, startWorker, toFrames, until } from '../worker-harness.ts';
import type { HttpReply } from '../worker-harness.ts';
import { withoutEndToken } from './end-token.ts';
import { LLMOPS_DIFFERENCES, toldAtTheEnd } from './llmops-differences.ts';
import { assertAsRecorded, assertShowsOnly, prefixed } from './recorded.ts';
import { readRecorded, samplingFields } from './recorded.ts';
import type { Difference, Fields } from './recorded.ts';
import { startScriptedEngine } from './scripted-engine.ts';
import type { ScriptedEngine } from './scripted-engine.ts';

type Exchange = {
  readonly label: string;
  readonly method: string;
  readonly path: string;
  /** A text is sent as it is. */
  readonly request: Fields | string | null;
  readonly status: number;
  readonly content_type: string | null;
  readonly response?: Fields;
  readonly frames?: readonly (Fields & { readonly text: string })[];
  readonly engine_sampling?: Fields;
  readonly engine_prompt?: string;
};

const exchanges = (readRecorded('llmops-wire') as readonly Exchange[]).map(completed);

/** Of one exchange only the outcome was written down: the connection broke before anything came. */
function completed(exchange: Exchange): Exchange {
  if (exchange.label !== 'bad_temperature_stream') return exchange;
  const whole = { method: 'POST', path: '/api/worker_generate_stream', status: 200 };
  return {
    ...exchange,
    ...whole,
    request: { prompt: 'Hi', temperature: 'abc' },
    content_type: null,
  };
}

const MODEL = 'Llama-2-7b-chat';

/** llm-ops chooses the template by the name that the request gives; here a service has its name and its template. */
const TEMPLATES: Readonly<Record<string, string>> = {
  [MODEL]: 'llama-2',
  'vicuna-7b-v1.5': 'vicuna_v1.1',
  'dolly-v2-7b': 'dolly_v2',
  'falcon-7b-instruct': 'falcon',
  'falcon-180B-chat': 'falcon-chat',
  'Mistral-7B-Instruct-v0.1': 'mistral',
  'unknown-model': 'one_shot',
};

async function serve(
  t: TestContext,
  name: string,
): Promise<{ engine: ScriptedEngine; url: string }> {
  const engine = await startScriptedEngine(t, { model: name });
  engine.play({ texts: ['Hel', 'Hello', 'Hello wörld'], finishReason: 'stop' });
  const template = TEMPLATES[name] ?? null;
  const { url } = await startWorker(t, oneService(name, engine.url, { template }));
  await until('ready', async () => (await ask(`${url}/ready`)).status === 200);
  return { engine, url };
}

describe('llm-ops’ recorded exchanges', () => {
  it('are 38, and every difference is one of theirs', () => {
    const labels = exchanges.map(({ label }) => label);

    assert.equal(labels.length, 38);
    for (const label of Object.keys(LLMOPS_DIFFERENCES)) assert.ok(labels.includes(label), label);
  });

  for (const exchange of exchanges)
    it(`are ours in status, reply, prompt and sampling: ${exchange.label}`, async (t) => {
      const { label, method, path, request } = exchange;
      const { engine, url } = await serve(t, modelOf(exchange));

      const reply = await ask(url + path, {
        method,
        ...(typeof request === 'string' ? { raw: request } : request && { body: request }),
      });

      const frames = exchange.frames && reply.status === 200 ? toFrames(reply) : [];
      if (exchange.frames !== undefined)
        assertShowsOnly(
          frames.map(({ text }) => text),
          exchange.frames.map(({ text }) => text),
        );
      assertAsRecorded(fieldsOf(reply, engine), recordedFields(exchange), [
        ...(LLMOPS_DIFFERENCES[label] ?? []),
        ...endOf(exchange, engine),
      ]);
      if (reply.status !== 200) assert.notEqual(reply.json['error_message'] ?? '', '');
    });
});

function modelOf({ request }: Exchange): string {
  if (request === null || typeof request === 'string') return MODEL;
  const asked = request['model_identifier'];
  return typeof asked === 'string' ? asked : MODEL;
}

function recordedFields(exchange: Exchange): Fields {
  const { status, content_type: type, response, frames, engine_sampling: sampling } = exchange;
  const media = type?.split(';')[0];
  if (status !== 200) return { status, media, error_code: response?.['error_code'] };
  return {
    status,
    media,
    ...prefixed('reply.', frames?.at(-1) ?? response ?? {}),
    ...(sampling && samplingFields(withoutEndToken(sampling))),
    'engine.prompt': exchange.engine_prompt,
  };
}

function fieldsOf(reply: HttpReply, engine: ScriptedEngine): Fields {
  const { status, headers } = reply;
  const media = headers['content-type']?.split(';')[0];
  if (status !== 200) return { status, media, error_code: reply.json['error_code'] };
  const isStream = reply.bytes.at(-1) === 0;
  return {
    status,
    media,
    ...prefixed('reply.', isStream ? (toFrames(reply).at(-1) ?? {}) : reply.json),
    ...(engine.asked && samplingFields(engine.asked)),
    'engine.prompt': engine.asked?.['prompt'],
  };
}

/** Where both have an answer, ours tells more at its end. */
function endOf({ engine_sampling: sampling }: Exchange, { asked }: ScriptedEngine): Difference[] {
  if (sampling === undefined || asked === null) return [];
  const tokens = Math.min(Number(asked['max_tokens']), 3);
  const reason = tokens < 3 ? 'length' : 'stop';
  return [toldAtTheEnd(String(asked['prompt']), { tokens, reason })];
}
