/**
 * Which project's manners a request expects. Below `/api` (here, or in the prefix that the front door took off) it is llm-ops': true
 * HTTP statuses. On the bare paths it is FastChat's, whose own server reads nothing but `error_code` in a reply of status 200.
 */
import type { FastifyRequest } from 'fastify';
import type { HttpError } from './http-errors.ts';

export type Dialect = 'llm-ops' | 'fastchat';

export function dialectOf(request: FastifyRequest): Dialect {
  // The route, not the address: `/%61pi/` and `http://host/api/` are other spellings of it.
  const isBelowApi = request.routeOptions.url?.startsWith('/api/') ?? false;
  return isBelowApi || prefixOf(request) !== undefined ? 'llm-ops' : 'fastchat';
}

/**
 * The status with which a dialect's generate paths tell an error; 200 means a body, or a frame, of `{text, error_code}`. FastChat's server
 * makes a silent empty stream of any other status, so whatever can befall a request of its own making is 200: what the engine says to
 * it, a refusal for now, and a number out of range, since it looks at no penalty itself. It sends no broken JSON, no wrong types and
 * none of llm-ops' fields; a person who does gets the true status.
 */
export function statusIn(dialect: Dialect, { status, body }: HttpError): number {
  const isTrue = dialect === 'llm-ops' || !(status >= 500 || isOfOwnMaking(body));
  return isTrue ? status : 200;
}

function isOfOwnMaking({ error, engine_status: engineStatus }: HttpError['body']): boolean {
  return engineStatus !== undefined || OWN_MAKING.has(error.code);
}

const OWN_MAKING: ReadonlySet<string> = new Set([
  'context_overflow',
  'overloaded',
  'param_out_of_range',
]);

/** Traefik names the host that was asked for, whichever way it goes, and lets no client say it. */
export function cameThroughFrontDoor(request: FastifyRequest): boolean {
  return request.headers['x-forwarded-host'] !== undefined || prefixOf(request) !== undefined;
}

/** What the front door took off the address. */
function prefixOf(request: FastifyRequest): string | readonly string[] | undefined {
  return request.headers['x-forwarded-prefix'];
}
