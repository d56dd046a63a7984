/** An engine whose tokens are words, as strict as vLLM once was: a `max_tokens` beyond the room that the prompt leaves is refused. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { EngineKind } from '../../src/config/worker-config.ts';

export type WordEngine = {
  readonly url: string;
  readonly kind: EngineKind;
  /** Paths of what it was asked, in order, its state left out. */
  readonly asked: readonly string[];
  /** The last request for an answer; null: none came. */
  readonly sent: Readonly<Record<string, unknown>> | null;
  /** From now on. */
  contextLength: number;
};

type Body = Readonly<Record<string, unknown>>;

/** What it may put around a conversation. */
export const TEMPLATE_WORDS = ['<begin>', '<assistant>'];

/** `lacks`: paths that it does not know. Ids of tokens are 0 to 99. */
export async function startWordEngine(
  t: TestContext,
  options: {
    readonly kind: EngineKind;
    readonly contextLength: number;
    readonly lacks?: readonly string[];
  },
): Promise<WordEngine> {
  const asked: string[] = [];
  let sent: Body | null = null;
  const engine = { kind: options.kind, contextLength: options.contextLength };
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const path = request.url ?? '';
    const body = request.method === 'POST' ? ((await json(request)) as Body) : {};
    const tell = (value: object): unknown => response.end(JSON.stringify(value));
    const refusal = (message: string, param: string): string =>
      JSON.stringify({ error: { message, param, code: 400 } });
    if (path === '/health') return response.end();
    asked.push(path);
    if (options.lacks?.includes(path) === true) return response.writeHead(404).end();
    if (path === '/v1/models') return tell(modelList(engine));
    if (path === '/apply-template') return tell({ prompt: rendered(body) });
    if (path === '/tokenize') return tell(tokenized(body));
    sent = body;
    const lacking = idsOf(body['stop_token_ids']).filter((id) => id >= 100);
    if (lacking.length > 0) {
      const said = `token_id(s) [${lacking.join(', ')}] in stop_token_ids contain out-of-vocab token ids. Vocabulary size: 100`;
      // As vLLM 0.32 does in a stream: with status 200, and `[DONE]` after it.
      return response.end(`data: ${refusal(said, 'stop_token_ids')}\n\ndata: [DONE]\n\n`);
    }
    if (countOf(body) + Number(body['max_tokens']) > engine.contextLength)
      return response
        .writeHead(400)
        .end(refusal("This model's maximum context length is exceeded", 'input_tokens'));
    const end = { choices: [{ text: 'x', finish_reason: 'stop' }] };
    return response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
  };
  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.defineProperties(engine as WordEngine, {
    url: { value: url },
    asked: { value: asked },
    sent: { get: () => sent },
  });
}

function modelList({ kind, contextLength }: Pick<WordEngine, 'kind' | 'contextLength'>): object {
  if (kind === 'openai') return { data: [{ id: 'm' }] };
  const length =
    kind === 'llama.cpp' ? { meta: { n_ctx: contextLength } } : { max_model_len: contextLength };
  return { data: [{ id: 'm', ...length }] };
}

function rendered(body: Body): string {
  const messages = body['messages'] as readonly { readonly content: string }[];
  const [begin = '', end = ''] = TEMPLATE_WORDS;
  return [begin, ...messages.map(({ content }) => content), end].join(' ');
}

/** As vLLM and as llama.cpp are asked. A first token is added unless it is told otherwise. */
function tokenized(body: Body): object {
  const isAdded = (body['add_special_tokens'] ?? body['add_special'] ?? true) !== false;
  const text = body['prompt'] ?? body['content'];
  const count =
    'messages' in body ? words(rendered(body)) : words(String(text)) + (isAdded ? 1 : 0);
  return { count, tokens: Array.from({ length: count }, (_, at) => at) };
}

function countOf(body: Body): number {
  if ('messages' in body) return words(rendered(body));
  const { prompt } = body;
  if (Array.isArray(prompt)) return prompt.length;
  return words(String(prompt)) + (body['add_special_tokens'] === false ? 0 : 1);
}

function words(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}

function idsOf(value: unknown): readonly number[] {
  return Array.isArray(value) ? (value as readonly number[]) : [];
}
