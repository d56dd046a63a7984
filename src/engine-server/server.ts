import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

import { LlmOpsError } from '../errors.ts';
import type { EngineCore } from './core/engine-core.ts';
import { toErrorReply } from './http-errors.ts';
import { readJson } from './requests/read-json.ts';
import { addChatRoute } from './routes/chat.ts';
import { addCompletionRoute } from './routes/completions.ts';
import { addModelRoute } from './routes/models.ts';
import { addSimRoutes } from './routes/sim.ts';
import { addStatusRoutes } from './routes/status.ts';
import { addTokenRoutes } from './routes/tokens.ts';
import { addUnknownRoute } from './routes/unknown.ts';

const BODY_LIMIT_BYTES = 64 * 2 ** 20;

/** vLLM's API over the core's source of text; does not listen. `exit` is how the fault `exit_at_token` ends the process. */
export function buildEngineServer(core: EngineCore, exit: () => void): FastifyInstance {
  const app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  // vLLM takes JSON only.
  app.removeAllContentTypeParsers();
  const onlyText = { parseAs: 'string' } as const;
  app.addContentTypeParser('application/json', onlyText, (_: FastifyRequest, body: string) =>
    Promise.resolve(body).then(readJson),
  );

  app.server.on('connection', (socket) => {
    core.stats.open_connections += 1;
    socket.once('close', () => (core.stats.open_connections -= 1));
  });
  app.addHook('onRequest', async (request) => {
    if (request.url.startsWith('/sim/')) return;
    await core.faults.frozen;
    if (core.state === 'loading') throw stillLoading(core.progress);
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = toErrorReply(error);
    if (!isToldInStream(error, request)) return reply.code(status).send(body);
    core.stats.rejected += 1;
    return reply
      .type('text/event-stream; charset=utf-8')
      .send(`data: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`);
  });
  // Before the reply leaves, so that a client that read it finds it counted.
  app.addHook('onSend', (request, reply, payload, done) => {
    const isRefusal = reply.statusCode >= 400 && reply.statusCode < 500;
    if (isRefusal && request.url.startsWith('/v1/')) core.stats.rejected += 1;
    done(null, payload);
  });
  app.addHook('onClose', () => core.close());

  addCompletionRoute(app, core, exit);
  addChatRoute(app, core, exit);
  addModelRoute(app, core);
  addTokenRoutes(app, core.source);
  addStatusRoutes(app, core);
  addSimRoutes(app, core);
  addUnknownRoute(app);
  return app;
}

/** vLLM 0.32 looks at the stop tokens of a stream only when its status line is out. */
function isToldInStream(error: unknown, { body }: FastifyRequest): boolean {
  const isOfStopTokens = error instanceof LlmOpsError && error.param === 'stop_token_ids';
  return isOfStopTokens && (body as { readonly stream?: unknown }).stream === true;
}

function stillLoading(progress: string): LlmOpsError {
  const message = progress === '' ? 'The model is loading.' : `The model is loading: ${progress}.`;
  return new LlmOpsError('engine_loading', message);
}
