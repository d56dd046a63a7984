import type { FastifyInstance } from 'fastify';

import type { EngineCore } from '../core/engine-core.ts';

/** `GET /v1/models`: the one model, with the length of its context. */
export function addModelRoute(app: FastifyInstance, core: EngineCore): void {
  const { model } = core.source;
  const created = core.startedAtS;
  app.get('/v1/models', () => ({
    object: 'list',
    data: [
      {
        id: model,
        object: 'model',
        created,
        owned_by: 'llm-ops',
        root: model,
        parent: null,
        max_model_len: core.source.contextLength,
        permission: [
          {
            id: `modelperm-${model}`,
            object: 'model_permission',
            created,
            allow_create_engine: false,
            allow_sampling: true,
            allow_logprobs: true,
            allow_search_indices: false,
            allow_view: true,
            allow_fine_tuning: false,
            organization: '*',
            group: null,
            is_blocking: false,
          },
        ],
      },
    ],
  }));
}
