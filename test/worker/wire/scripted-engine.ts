/** An engine with vLLM's API that says what a test gives it, one event at a time, and remembers what it was asked. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

export type Script = {
  /** The answer's text after each token. */
  readonly texts: readonly string[];
  readonly finishReason: string | null;
  /** After so many tokens it says no more, and waits for its reader to leave. */
  readonly stallAfter?: number;
  /** What becomes of the stream after the last token, in place of its proper end. */
  readonly failure?: 'error event' | 'connection cut' | 'silent end';
  /** The whole answer is a refusal. */
  readonly refusal?: { readonly status: number; readonly message: string };
};

type Asked = Readonly<Record<string, unknown>>;

export type ScriptedEngine = {
  readonly url: string;
  play(script: Script): void;
  /** The last body that asked for an answer. */
  readonly asked: Asked | null;
  /** Answers whose reader left before their end. */
  readonly aborted: number;
};

/** Its tokens are the words of a text, and its context has 4096 of them. */
export async function startScriptedEngine(
  t: TestContext,
  options: { readonly model: string },
): Promise<ScriptedEngine> {
  let script: Script = { texts: [], finishReason: 'stop' };
  let asked: Asked | null = null;
  let aborted = 0;
  // The port may have been another engine's a moment ago, in another test whose worker still asks it.
  const home = `/${randomUUID()}`;
  const server = http.createServer((request, response) => void answer(request, response));
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const body = request.method === 'POST' ? ((await json(request)) as Asked) : {};
    const tell = (value: object): unknown => response.end(JSON.stringify(value));
    if (request.url === `${home}/health`) return response.end();
    if (request.url === `${home}/v1/models`)
      return tell({ data: [{ id: options.model, max_model_len: 4096 }] });
    if (request.url === `${home}/tokenize`) return tell({ count: countWords(body['prompt']) });
    if (request.url !== `${home}/v1/completions`) return response.writeHead(404).end();
    asked = body;
    response.once('close', () => (aborted += response.writableFinished ? 0 : 1));
    return play(script, body, response);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${home}`,
    play: (next) => void (script = next),
    get asked() {
      return asked;
    },
    get aborted() {
      return aborted;
    },
  };
}

export function countWords(text: unknown): number {
  return String(text).split(/\s+/).filter(Boolean).length;
}

async function play(script: Script, body: Asked, response: http.ServerResponse): Promise<unknown> {
  if (script.refusal !== undefined) {
    const { status, message } = script.refusal;
    return response.writeHead(status).end(JSON.stringify({ error: { message, code: status } }));
  }
  const limit = Number(body['max_tokens']);
  const texts = script.texts.slice(0, limit);
  const isCut = texts.length < script.texts.length;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const [index, text] of texts.entries()) {
    if (index === script.stallAfter) return undefined;
    const isLast = index === texts.length - 1 && script.failure === undefined;
    response.write(
      event({
        text: text.slice(texts[index - 1]?.length ?? 0),
        finishReason: isLast ? (isCut ? 'length' : script.finishReason) : null,
        promptTokens: countWords(body['prompt']),
        tokens: index + 1,
      }),
    );
    await nextTurn();
  }
  if (script.failure === 'connection cut') return response.destroy();
  if (script.failure === 'silent end') return response.end();
  if (script.failure === 'error event')
    response.write('data: {"error": {"message": "the engine core died", "code": 500}}\n\n');
  return response.end('data: [DONE]\n\n');
}

/** One of vLLM's completion events, as `continuous_usage_stats` makes them. */
function event(step: {
  readonly text: string;
  readonly finishReason: string | null;
  readonly promptTokens: number;
  readonly tokens: number;
}): string {
  const choice = {
    index: 0,
    text: step.text,
    logprobs: null,
    finish_reason: step.finishReason,
    stop_reason: null,
  };
  const usage = {
    prompt_tokens: step.promptTokens,
    total_tokens: step.promptTokens + step.tokens,
    completion_tokens: step.tokens,
  };
  const head = { id: 'cmpl-1', object: 'text_completion', created: 0, model: 'm' };
  return `data: ${JSON.stringify({ ...head, choices: [choice], usage })}\n\n`;
}
