/** Requests → answers of a mode: the engine's server, without its program. */
import { createServer, type Server, type Socket } from 'node:net';
import { CONTEXT_LENGTH, ENGINE_MODEL, jsonReply, plainBytes } from './answers.ts';
import { type AnswerKind, streamBytes, type StreamBytes } from './answers.ts';
import type { EngineCounts, EngineMode } from './mode.ts';
import { createRequestReader, type EngineRequest } from './read-requests.ts';
import { createWheel } from './wheel.ts';
import { WORKER_REPLIES, workerPlainBytes, workerStreamBytes } from './worker-answers.ts';

export type EngineServer = {
  readonly server: Server;
  readonly setMode: (mode: EngineMode) => void;
  readonly counts: () => EngineCounts;
  /** Closes the connections of answers that are not over. */
  readonly breakOff: () => void;
};

/** What is still to be written of one answer. */
type Answer = {
  readonly connection: Connection;
  readonly pieces: readonly Buffer[];
  /** The next one. */
  at: number;
  readonly intervalMs: number;
  /** For each piece: whether it counts as a chunk. */
  readonly isStream: boolean;
};

type Connection = {
  readonly socket: Socket;
  isGone: boolean;
  /** Answers that are not over. */
  open: number;
  isLast: boolean;
};

const DEFAULT_MODE: EngineMode = { tokens: 20, intervalMs: 0, firstTokenMs: 0 };

const HEALTH = Buffer.from('HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-length: 0\r\n\r\n');
const MODELS = jsonReply(200, {
  object: 'list',
  data: [
    {
      id: ENGINE_MODEL,
      object: 'model',
      created: 1_795_295_893,
      owned_by: 'vllm',
      root: ENGINE_MODEL,
      parent: null,
      max_model_len: CONTEXT_LENGTH,
    },
  ],
});
/** Prompts of the bench are short, so that nobody needs their true length. */
const TOKENIZED = jsonReply(200, {
  count: 4,
  max_model_len: CONTEXT_LENGTH,
  tokens: [1, 2, 3, 4],
  token_strs: null,
});
const NOT_FOUND = jsonReply(404, {
  error: { message: 'Not Found', type: 'Not Found', param: null, code: 404 },
});

/** vLLM's, and a FastChat worker's. */
const ANSWERED: ReadonlySet<string> = new Set([
  '/v1/chat/completions',
  '/v1/completions',
  '/worker_generate',
  '/worker_generate_stream',
]);

/** Not listening yet. */
export function createEngineServer(random: () => number = Math.random): EngineServer {
  let mode = DEFAULT_MODE;
  const counts = { requests: 0, chunks: 0, departures: 0 };
  const cache = new Map<string, StreamBytes>();
  const plain = new Map<string, Buffer>();
  const wheel = createWheel<Answer>(write);
  const connections = new Set<Connection>();

  function write(answer: Answer, dueMs: number): void {
    const { connection, pieces, intervalMs } = answer;
    if (connection.isGone) return;
    const piece = pieces[answer.at];
    if (piece === undefined) return;
    connection.socket.write(piece);
    if (answer.isStream) counts.chunks += 1;
    answer.at += 1;
    if (answer.at < pieces.length) wheel.add(answer, dueMs + intervalMs);
    else end(connection);
  }

  function end(connection: Connection): void {
    connection.open -= 1;
    if (connection.isLast) connection.socket.end();
  }

  function answer(connection: Connection, request: EngineRequest): void {
    const { method, path } = request;
    if (method !== 'POST' || !ANSWERED.has(path)) {
      connection.socket.write(otherReply(request));
      end(connection);
      return;
    }
    counts.requests += 1;
    const body = JSON.parse(request.body) as RequestBody;
    if (path === '/worker_generate_stream') stream(connection, path, workerStreamBytes);
    else if (path === '/worker_generate') whole(connection, path, workerPlainBytes);
    else {
      const kind = kindOf(body, path === '/v1/chat/completions');
      if (body.stream === true)
        stream(connection, JSON.stringify(kind), (tokens) => streamBytes(kind, tokens));
      else whole(connection, path, (tokens) => plainBytes(kind.isChat, tokens));
    }
  }

  /** `kind` names what `make` makes of so many tokens. */
  function whole(connection: Connection, kind: string, make: (tokens: number) => Buffer): void {
    const { tokens, intervalMs, firstTokenMs } = mode;
    const bytes = remember(plain, `${kind} ${tokens}`, () => make(tokens));
    const waitMs = firstTokenMs + (tokens - 1) * intervalMs;
    const reply = { connection, pieces: [bytes], at: 0, intervalMs: 0, isStream: false };
    if (waitMs === 0) write(reply, 0);
    else wheel.add(reply, performance.now() + waitMs);
  }

  function stream(
    connection: Connection,
    kind: string,
    make: (tokens: number) => StreamBytes,
  ): void {
    const { tokens, intervalMs, firstTokenMs, isMidway = false } = mode;
    const bytes = remember(cache, `${kind} ${tokens}`, () => make(tokens));
    const now = performance.now();
    if (intervalMs === 0) {
      const all = { connection, pieces: [bytes.whole], at: 0, intervalMs, isStream: true };
      if (firstTokenMs === 0) write(all, now);
      else wheel.add(all, now + firstTokenMs);
      return;
    }
    const age = isMidway ? Math.floor(random() * (tokens - 1)) : 0;
    const first = age === 0 ? bytes.tokens[0] : bytes.until(age);
    const begin = Buffer.concat([bytes.opening, first ?? Buffer.alloc(0)]);
    const pieces = [begin, ...bytes.tokens.slice(age + 1)];
    if (firstTokenMs === 0) {
      pieces[0] = Buffer.concat([bytes.head, begin]);
      write({ connection, pieces, at: 0, intervalMs, isStream: true }, now);
      return;
    }
    connection.socket.write(bytes.head);
    wheel.add({ connection, pieces, at: 0, intervalMs, isStream: true }, now + firstTokenMs);
  }

  const server = createServer({ noDelay: true }, (socket) => {
    const connection: Connection = { socket, isGone: false, open: 0, isLast: false };
    connections.add(connection);
    const read = createRequestReader();
    socket.on('data', (bytes) => {
      try {
        for (const request of read(bytes)) {
          connection.open += 1;
          connection.isLast = request.isLast;
          answer(connection, request);
        }
      } catch {
        socket.end(jsonReply(400, { error: { message: 'no request', code: 400 } }));
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connection.isGone = true;
      connections.delete(connection);
      counts.departures += connection.open;
    });
  });

  return {
    server,
    setMode: (next) => {
      mode = next;
    },
    counts: () => ({ ...counts }),
    breakOff: () => {
      for (const { socket, open } of connections) if (open > 0) socket.destroy();
    },
  };
}

type RequestBody = {
  readonly stream?: boolean;
  readonly stream_options?: {
    readonly include_usage?: boolean;
    readonly continuous_usage_stats?: boolean;
  } | null;
};

function kindOf({ stream_options: options }: RequestBody, isChat: boolean): AnswerKind {
  return {
    isChat,
    includeUsage: options?.include_usage === true,
    continuousUsage: options?.continuous_usage_stats === true,
  };
}

function otherReply({ method, path }: EngineRequest): Buffer {
  if (method === 'GET' && path === '/health') return HEALTH;
  if (method === 'GET' && path === '/v1/models') return MODELS;
  if (method === 'POST' && path === '/tokenize') return TOKENIZED;
  return (method === 'POST' ? WORKER_REPLIES.get(path) : undefined) ?? NOT_FOUND;
}

function remember<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
