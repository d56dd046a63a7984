/** Follows each request from its arrival to the end of its reply, for the access log and the metrics. */
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { logRequest } from './access-log.ts';
import type { LiveStack } from '../live/live-stack.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { outcomeOf } from './request-outcome.ts';
import { REQUEST_ID_HEADER } from './request-id.ts';
import { traceOf } from '../answer/request-trace.ts';
import type { RequestTrace } from '../answer/request-trace.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route gives answers of a model: it is in the metrics. */
    readonly isAnswer?: boolean;
  }
}

type Observe = (request: FastifyRequest, reply: FastifyReply) => void;

/** For the first hook of a server, and for requests that Fastify refuses before any hook. */
export function createObserver(stack: LiveStack, metrics: Pick<Metrics, 'follow'>): Observe {
  return (request, reply) => {
    const trace = traceOf(request);
    // Fastify makes these anew each time.
    const { config } = request.routeOptions;
    trace.service = serviceOf(request, { stack, config });
    const { socket } = request.raw;
    const bytesBefore = socket.bytesWritten;
    // A closed connection no longer knows whose it was.
    const client = request.ip;
    const isCounted = config.isAnswer === true && isServed(trace, stack);
    const count = isCounted ? metrics.follow(trace) : null;
    // A stream writes its head by itself.
    reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
    reply.raw.on('close', () => {
      const ended = {
        trace,
        client,
        outcome: outcomeOf(trace, reply.raw),
        bytes: socket.bytesWritten - bytesBefore,
        endedAt: performance.now(),
      };
      logRequest(request, reply, ended);
      count?.(ended);
    });
  };
}

/** Observes all requests of a server. Call it before other hooks, which may refuse them. */
export function observeRequests(app: FastifyInstance, observe: Observe): void {
  app.addHook('onRequest', (request, reply, done) => {
    observe(request, reply);
    done();
  });
}

/** What a service's own worker should have got is counted there, and what does not exist is nobody else's. */
function isServed({ service: name }: RequestTrace, stack: LiveStack): boolean {
  const service = name === null ? null : stack.find(name);
  return service === null || stack.serves(service);
}

/** Only a service that exists: what a client asks for would make labels without end. */
function serviceOf(
  request: FastifyRequest,
  { stack, config }: { readonly stack: LiveStack; readonly config: FastifyContextConfig },
): string | null {
  const { service } = (request.params ?? {}) as { service?: string };
  if (service !== undefined) return stack.find(service)?.name ?? null;
  const isOfService = stack.role === 'worker' && config.isOpen !== true;
  return isOfService ? (stack.services[0]?.name ?? null) : null;
}
