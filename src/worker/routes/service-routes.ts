/** The worker API of one service: FastChat's paths and llm-ops' own, without a prefix, below `/api`, or below `/api/<service>`. */
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { z } from 'zod';
import type { Engine } from '../../engines/engine.ts';
import { LlmOpsError } from '../../errors.ts';
import { convTemplateReply } from '../../prompts/conv-template-reply.ts';
import { checkInputLength } from '../admission/prompt-length.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { ClientLeft } from '../http/departure.ts';
import type { Departures } from '../http/departure.ts';
import { dialectOf, statusIn } from '../http/dialect.ts';
import { generate } from '../answer/generate.ts';
import { parseGenerateRequest } from '../answer/generate-request.ts';
import { logFailure, toHttpError } from '../http/http-errors.ts';
import type { ErrorBody } from '../http/http-errors.ts';
import type { LiveService } from '../live/live-service.ts';
import type { LiveStack } from '../live/live-stack.ts';
import { CollectedReply } from '../replies/collect-reply.ts';
import { createFrames } from '../replies/frames.ts';
import type { FrameForm } from '../replies/frames.ts';
import { traceOf } from '../answer/request-trace.ts';
import type { RequestTrace } from '../answer/request-trace.ts';
import { explainMiss } from './not-found.ts';
import { sendStream } from '../answer/send-stream.ts';

export type Context = {
  readonly stack: LiveStack;
  readonly departures: Departures;
  readonly dispatch: Dispatch;
};

type ServiceCall = {
  readonly service: LiveService;
  readonly dispatch: Dispatch;
  readonly signal: AbortSignal;
  readonly trace: RequestTrace;
};

type Handle = (call: ServiceCall, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

type Endpoint = {
  readonly paths: readonly string[];
  readonly methods: readonly HTTPMethods[];
  readonly handle: Handle;
  /** It is an answer of the model. */
  readonly isAnswer?: boolean;
};

const ENDPOINTS: readonly Endpoint[] = [
  { paths: ['/worker_generate'], methods: ['POST'], handle: answer, isAnswer: true },
  { paths: ['/worker_generate_stream'], methods: ['POST'], handle: stream, isAnswer: true },
  { paths: ['/worker_status'], methods: ['GET', 'POST'], handle: status },
  { paths: ['/worker_get_status'], methods: ['GET', 'POST'], handle: fastchatStatus },
  {
    paths: ['/worker_conv_template', '/worker_get_conv_template'],
    methods: ['GET', 'POST'],
    handle: convTemplate,
  },
  { paths: ['/model_details'], methods: ['GET', 'POST'], handle: modelDetails },
  { paths: ['/count_token'], methods: ['POST'], handle: countToken },
];

const ALL_METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Registers the endpoints below a prefix; `:service` in it names the service, else the process has only one. */
export function registerServiceRoutes(
  app: FastifyInstance,
  prefix: string,
  { stack, departures, dispatch }: Context,
): void {
  for (const { paths, methods, handle, isAnswer = false } of ENDPOINTS) {
    for (const path of paths) {
      app.route({
        method: [...methods],
        url: prefix + path,
        config: { isAnswer },
        handler: (request, reply) => {
          const service = stack.service(serviceParam(request));
          if (!stack.serves(service)) return refuse(stack, request);
          if (isAnswer) departures.assertOpen();
          const signal = departures.watch(reply.raw);
          return handle({ service, dispatch, signal, trace: traceOf(request) }, request, reply);
        },
      });
      app.route({
        method: ALL_METHODS.filter((method) => !methods.includes(method)),
        url: prefix + path,
        handler: (request, reply) => {
          // A service that does not exist, or is not served here, takes no method at all.
          if (!stack.serves(stack.service(serviceParam(request)))) return refuse(stack, request);
          reply.header('allow', methods.join(', '));
          throw new LlmOpsError('method_not_allowed', `this path takes ${methods.join(' or ')}`);
        },
      });
    }
  }
}

/** The service has a worker of its own, and the request came to us because that has no route. */
async function refuse(stack: LiveStack, request: FastifyRequest): Promise<never> {
  throw await explainMiss(stack, request);
}

async function answer(...[call, request, reply]: Parameters<Handle>): Promise<unknown> {
  return asDialect(request, reply, async () => {
    const parsed = parseGenerateRequest(request.body);
    const sink = new CollectedReply();
    await generate({ ...call, request: parsed, sink });
    return sink.toReply();
  });
}

async function stream(...[call, request, reply]: Parameters<Handle>): Promise<unknown> {
  return asDialect(request, reply, async () => {
    const parsed = parseGenerateRequest(request.body);
    await sendStream(call, { request: parsed, framing: framingOf(request), reply });
    return reply;
  });
}

/** On FastChat's paths most errors are replies of status 200 that say so, because its server reads nothing else. */
async function asDialect(
  request: FastifyRequest,
  reply: FastifyReply,
  act: () => Promise<unknown>,
): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    traceOf(request).noteError(error);
    if (error instanceof ClientLeft || reply.sent) throw error;
    const failure = toHttpError(error);
    if (statusIn(dialectOf(request), failure) === failure.status) throw error;
    const { body } = failure;
    if (failure.status >= 500) logFailure(request.log, error);
    const isStream = request.routeOptions.url?.endsWith('_stream') ?? false;
    return isStream
      ? sendErrorFrame(reply, framingOf(request), body)
      : { text: body.error_message, ...body };
  }
}

/** A stream that is nothing but its error. */
function sendErrorFrame(
  reply: FastifyReply,
  framing: FrameForm['framing'],
  body: ErrorBody,
): FastifyReply {
  const frames = createFrames(
    { mode: 'cumulative', framing },
    { mostPatienceMs: 0, isChunked: false },
  );
  return reply.headers(frames.headers).send(frames.error(body));
}

/** What the client says it takes, not what we guess of it. */
function framingOf(request: FastifyRequest): FrameForm['framing'] {
  return /text\/event-stream/i.test(request.headers.accept ?? '') ? 'sse' : 'nul';
}

/** `queue_length` is what is at the engine and what waits, as FastChat's controller wants it. */
async function status(...[{ service, dispatch }]: Parameters<Handle>): Promise<unknown> {
  const { state, progress } = await service.describe();
  return {
    model_names: [service.name],
    speed: 1,
    queue_length: await dispatch.queueLength(service),
    state: service.isDraining ? 'stopping' : state,
    ...(Object.keys(progress).length > 0 && { progress }),
  };
}

/** As FastChat's controller asks: it sends nobody to a worker whose status is not 200, and forgets it. */
async function fastchatStatus(...[call, request, reply]: Parameters<Handle>): Promise<unknown> {
  await call.service.assertWantsRequests();
  return status(call, request, reply);
}

function convTemplate(...[{ service }, request]: Parameters<Handle>): Promise<unknown> {
  // Of a version that gets requests.
  const version = service.versions.find(({ weight }) => weight > 0) ?? service.versions[0];
  const template = version?.template ?? null;
  if (template === null) {
    throw new LlmOpsError(
      'not_found',
      `${service.name} has no conversation template: its engine renders conversations`,
    );
  }
  if (template.kind === 'chat') {
    throw new LlmOpsError(
      'not_found',
      `${service.name} has the chat template of ${template.name}, which is no conversation template of FastChat's form`,
    );
  }
  return Promise.resolve(convTemplateReply(template.conversation, dialectOf(request)));
}

async function modelDetails(...[call]: Parameters<Handle>): Promise<unknown> {
  const { contextLength } = await askEngine(call, (engine) => engine.modelCard(call.signal));
  return { context_length: contextLength };
}

/** A question to any replica that can answer. */
async function askEngine<T>(
  { service, dispatch }: ServiceCall,
  ask: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { seat, engine, leave } = await dispatch.question(service);
  try {
    return await ask(engine);
  } catch (error) {
    throw await service.explain(seat, error);
  } finally {
    leave();
  }
}

const CountBody = z.looseObject({ prompt: z.string() });

async function countToken(...[call, request]: Parameters<Handle>): Promise<unknown> {
  const body = CountBody.safeParse(request.body);
  if (!body.success) {
    throw new LlmOpsError('invalid_request', 'count_token needs a "prompt", a string', {
      param: 'prompt',
    });
  }
  const { prompt } = body.data;
  checkInputLength({ kind: 'completion', prompt }, call.service.limits.promptCharacters);
  const count = await askEngine(call, (engine) => engine.countTokens(prompt, call.signal));
  return { count, error_code: 0 };
}

function serviceParam(request: FastifyRequest): string | undefined {
  const { service } = request.params as { service?: string };
  return service;
}
