import type { FastifyInstance } from 'fastify';

import { VERSION } from '../../version.ts';
import type { EngineCore } from '../core/engine-core.ts';
import { renderMetrics } from '../metrics.ts';

/** `/health`, `/ping`, `/version`, `/load`, `/metrics`. */
export function addStatusRoutes(app: FastifyInstance, core: EngineCore): void {
  for (const url of ['/health', '/ping']) {
    // As in vLLM the status says it all, and the body is empty.
    app.get(url, (_request, reply) => reply.code(core.state === 'dead' ? 503 : 200).send());
  }
  app.post('/ping', (_request, reply) => reply.code(core.state === 'dead' ? 503 : 200).send());
  app.get('/version', () => ({ version: VERSION }));
  app.get('/load', () => ({ server_load: core.stats.running + core.stats.waiting }));
  app.get('/metrics', (_request, reply) =>
    reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .send(renderMetrics(core.stats, core.source.model)),
  );
}
