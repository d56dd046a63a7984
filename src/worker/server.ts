/** The worker's HTTP server, built but not listening. */
import type { Readable } from 'node:stream';
import Fastify, { LogController } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LlmOpsError } from '../errors.ts';
import { readBody } from './admission/read-body.ts';
import { demandTokens, grantOf, openToAll } from './auth/demand-token.ts';
import { tellTo } from './auth/tell-to.ts';
import type { LiveTokens } from './auth/tokens-file.ts';
import type { Dispatch } from './dispatch/dispatch.ts';
import { ClientLeft } from './http/departure.ts';
import type { Departures } from './http/departure.ts';
import { logFailure, toHttpError } from './http/http-errors.ts';
import type { LiveStack } from './live/live-stack.ts';
import type { Metrics } from './metrics/metrics.ts';
import { createObserver, observeRequests } from './http/observe-requests.ts';
import { requestIdOf } from './http/request-id.ts';
import { logWhenAsked, REQUEST_ID_LABEL } from './http/request-log.ts';
import { traceOf } from './answer/request-trace.ts';
import { explainMiss } from './routes/not-found.ts';
import { registerProcessRoutes } from './routes/process-routes.ts';
import { registerServiceRoutes } from './routes/service-routes.ts';

/** Each call has one line, or some. */
export type LogTarget = { readonly write: (line: string) => void };

export function buildServer(options: {
  readonly stack: LiveStack;
  readonly tokens: LiveTokens;
  readonly departures: Departures;
  readonly metrics: Pick<Metrics, 'follow' | 'scrape'>;
  readonly dispatch: Dispatch;
  /** pino's names. */
  readonly logLevel: string;
  /** Takes the log, line by line; left out: standard output. */
  readonly log?: LogTarget | undefined;
}): FastifyInstance {
  const { stack, tokens, departures, metrics, dispatch, logLevel, log } = options;
  const observe = createObserver(stack, metrics);
  const app = Fastify({
    logger: { level: logLevel, ...(log && { stream: log }) },
    genReqId: requestIdOf,
    childLoggerFactory: logWhenAsked,
    // One line a request is ours to write, when it ended.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: REQUEST_ID_LABEL,
    }),
    // Beyond what Node takes as an address: a name that is too long is unknown like any other.
    routerOptions: { maxParamLength: 64 * 1024 },
    // No route has a schema, so nothing that compiles some needs to be loaded: 3 MB.
    schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
    // Of what is no request for the router: no hook sees it.
    frameworkErrors: (error, request, reply) => {
      observe(request, reply);
      void sendError(error, request, reply);
    },
    forceCloseConnections: 'idle',
    // For a request to arrive, as long as the front door allows. Answers have no limit: their silence is bounded where the engine is read.
    requestTimeout: 600_000,
    // Longer than Traefik keeps an idle connection (90 s), so that no request is sent into one that we are closing.
    keepAliveTimeout: 100_000,
  });
  acceptAnyContentType(app, stack);
  observeRequests(app, observe);
  endConnectionsOnClose(app);
  demandTokens(app, { tokens, stack });
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(async (request) => {
    throw await explainMiss(stack, request);
  });

  const context = { stack, departures, dispatch };
  app.register((scope, _options, done) => {
    openToAll(scope);
    registerProcessRoutes(scope, { stack, metrics, dispatch });
    done();
  });
  if (stack.role === 'worker') {
    registerServiceRoutes(app, '', context);
    registerServiceRoutes(app, '/api', context);
  } else {
    registerServiceRoutes(app, '/api/:service', context);
    // FastChat's servers add bare paths to what they know as a worker's address, and expect FastChat's manners there.
    registerServiceRoutes(app, '/fastchat/:service', context);
  }
  return app;
}

function noSchema(): never {
  throw new LlmOpsError('internal', 'a route has a schema, and nothing compiles it');
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  traceOf(request).noteError(error);
  if (error instanceof ClientLeft) return reply.hijack();
  const { status, headers, body } = toHttpError(tellTo(grantOf(request), error));
  // Fastify would close the connection. The rest of the body is better read away, or who is still sending it never hears why.
  if (status === 413) reply.removeHeader('connection');
  if (status >= 500) logFailure(request.log, error);
  return reply.status(status).headers(headers).send(body);
}

/** FastChat's workers read a body as JSON whatever its content type says, and `curl -d` says something else. */
function acceptAnyContentType(app: FastifyInstance, stack: LiveStack): void {
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw;
    // Fastify refuses a type that it cannot read before it asks any parser. (To delete it would make all headers slow.)
    if (headers['content-type'] !== undefined) headers['content-type'] = undefined;
    done();
  });
  app.addContentTypeParser('*', async (request: FastifyRequest, body: Readable) => {
    const { service: name } = request.params as { service?: string };
    const service = name === undefined ? stack.services[0] : stack.find(name);
    // What is not there, or not here, gets its refusal whatever it was sent.
    if (request.is404 || !service || !stack.serves(service)) return undefined;
    const declared = request.headers['content-length'];
    return readBody(body, {
      declaredBytes: declared === undefined ? null : Number(declared),
      mostBytes: service.limits.bodyBytes,
    });
  });
}

/** A connection in use when the closing begins is not among the idle ones, which are ended then: it ends with its reply. */
function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.on('close', () => {
      if (isClosing) request.raw.socket.end();
    });
    done();
  });
}
