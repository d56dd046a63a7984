import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import type { EngineCore } from '../core/engine-core.ts';
import { parseFaults } from '../faults/faults.ts';
import { parseBody } from '../requests/parse-body.ts';

const DEFAULT_LAST = 100;

const requestsQuery = z.object({ last: z.coerce.number().int().min(1).default(DEFAULT_LAST) });

/** What vLLM does not have: exact counters, the last requests, and faults to be set at run time. They answer in every state of the engine. */
export function addSimRoutes(app: FastifyInstance, core: EngineCore): void {
  app.get('/sim/stats', () => ({ state: core.state, ...core.stats }));
  app.get('/sim/requests', (request) => ({
    requests: core.log.last(parseBody(requestsQuery, request.query).last),
  }));
  app.get('/sim/faults', () => core.faults.current);
  app.post('/sim/faults', (request) => {
    core.setFaults(parseFaults(request.body));
    return core.faults.current;
  });
  app.delete('/sim/faults', () => {
    core.setFaults({});
    return core.faults.current;
  });
}
