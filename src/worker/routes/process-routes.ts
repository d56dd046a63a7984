/** Of this process, for who runs it: never for who comes through the front door. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LlmOpsError } from '../../errors.ts';
import { cameThroughFrontDoor } from '../http/dialect.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { LiveStack } from '../live/live-stack.ts';
import type { Metrics } from '../metrics/metrics.ts';

export function registerProcessRoutes(
  app: FastifyInstance,
  {
    stack,
    metrics,
    dispatch,
  }: {
    readonly stack: LiveStack;
    readonly metrics: Pick<Metrics, 'scrape'>;
    readonly dispatch: Dispatch;
  },
): void {
  /** Alive. Says nothing of engines: a front door that took us off the road while a model loads would answer 404. */
  app.get('/health', async (request) => {
    refuseVisitors(request);
    await dispatch.assertAlive();
    return { status: 'ok' };
  });

  /** 200 when every service that this process serves can answer, and goes on to. */
  app.get('/ready', (request, reply) => {
    refuseVisitors(request);
    const services = stack.services.filter((service) => service.worker === null);
    const { isDraining } = stack;
    const isReady = !isDraining && services.every((service) => service.state === 'ready');
    return reply.status(isReady ? 200 : 503).send({
      status: isReady ? 'ready' : isDraining ? 'stopping' : 'not ready',
      services: Object.fromEntries(services.map(({ name, state }) => [name, state])),
    });
  });

  /** For Prometheus. */
  app.get('/metrics', async (request, reply) => {
    refuseVisitors(request);
    const { contentType, text } = await metrics.scrape();
    return reply.type(contentType).send(text);
  });
}

function refuseVisitors(request: FastifyRequest): void {
  if (cameThroughFrontDoor(request)) throw new LlmOpsError('not_found', 'no such path');
}
