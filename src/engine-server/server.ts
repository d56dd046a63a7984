import Fastify, { type FastifyInstance } from 'fastify';

import { LlmOpsError } from '../errors.ts';
import type { EngineCore } from './core/engine-core.ts';
import { toErrorReply } from './http-errors.ts';
import { addChatRoute } from './routes/chat.ts';
import { addCompletionRoute } from './routes/completions.ts';
import { addModelRoute } from './routes/models.ts';
import { addSimRoutes } from './routes/sim.ts';
import { addStatusRoutes } from './routes/status.ts';
import { addTokenRoutes } from './routes/tokens.ts';

const BODY_LIMIT_BYTES = 64 * 2 ** 20;

/** vLLM's API over the core's source of text; does not listen. `exit` is how the fault `exit_at_token` ends the process. */
export function buildEngineServer(core: EngineCore, exit: () => void): FastifyInstance {
  const app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  // vLLM takes JSON only.
  app.removeContentTypeParser('text/plain');

  app.addHook('onRequest', (request, _reply, next) => {
    const isLoading = core.state === 'loading' && !request.url.startsWith('/sim/');
    next(isLoading ? stillLoading(core.progress) : undefined);
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = toErrorReply(error);
    if (status < 500 && request.url.startsWith('/v1/')) core.stats.rejected += 1;
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler(() => {
    throw new LlmOpsError('not_found', 'Not Found');
  });
  app.addHook('onClose', () => core.close());

  addCompletionRoute(app, core, exit);
  addChatRoute(app, core, exit);
  addModelRoute(app, core);
  addTokenRoutes(app, core.source);
  addStatusRoutes(app, core);
  addSimRoutes(app, core);
  return app;
}

function stillLoading(progress: string): LlmOpsError {
  const message = progress === '' ? 'The model is loading.' : `The model is loading: ${progress}.`;
  return new LlmOpsError('engine_loading', message);
}
