/** One line a request, when it ended: what happened, to whom and how fast. Nothing of what was said, and nothing that opens a door. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { grantOf } from '../auth/demand-token.ts';
import { REQUEST_ID_LABEL } from './request-log.ts';
import type { EndedRequest } from './request-outcome.ts';

/** Questions after the state, which programs ask again and again. */
const QUESTIONS = /\/(ready|metrics|model_details|worker_status|worker_get_status)$/;

/** An address is the client's word: as much of it as names any of our paths. */
const MOST_URL_CHARACTERS = 512;

/** Fields that say nothing are left out: pino writes none that is undefined. Times are in milliseconds, bytes are those of the reply with its head. */
export function logRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { trace, client, outcome, bytes, endedAt }: EndedRequest,
): void {
  const url = request.url.split('?', 1)[0]?.slice(0, MOST_URL_CHARACTERS) ?? '';
  if (url === '/health') return;
  // What is asked every second while a model loads is told only to who wants to know everything.
  const level = QUESTIONS.test(url) ? 'debug' : 'info';
  const { arrivedAt, queuedAt, admittedAt, firstTextAt, usage } = trace;
  const facts = {
    [REQUEST_ID_LABEL]: request.id,
    method: request.method,
    url,
    status: reply.raw.headersSent ? reply.raw.statusCode : undefined,
    outcome,
    service: trace.service ?? undefined,
    version: trace.version ?? undefined,
    replica: trace.replica ?? undefined,
    attempts: trace.attempts === 0 ? undefined : trace.attempts,
    error: trace.error ?? undefined,
    queue_ms: since(queuedAt, admittedAt),
    ttft_ms: since(arrivedAt, firstTextAt),
    duration_ms: since(arrivedAt, endedAt),
    tokens_in: usage?.promptTokens,
    tokens_out: usage?.completionTokens,
    bytes,
    client,
    token: grantOf(request)?.id,
  };
  // Not the request's own log, which would be made for this line alone.
  request.server.log[level](facts, 'request');
}

function since(from: number | null, to: number | null): number | undefined {
  return from === null || to === null ? undefined : Math.round((to - from) * 10) / 10;
}
