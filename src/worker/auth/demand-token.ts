/**
 * One hook before every route that asks for the token. It goes by what the router found, never by the address, so that no spelling of an
 * address gets around it; and every route is closed but those that say `isOpen`, so that a new one cannot be forgotten.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LlmOpsError } from '../../errors.ts';
import type { LiveStack } from '../live/live-stack.ts';
import { readBearer } from './bearer.ts';
import { findGrant, opens } from './token-set.ts';
import type { Grant } from './token-set.ts';
import type { LiveTokens } from './tokens-file.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Anyone may ask this route. */
    readonly isOpen?: boolean;
  }
}

const GRANT = Symbol('grant');

type Granted = FastifyRequest & { [GRANT]?: Grant };

/** What the request's token allows; null where no token was asked for, or none was given that is valid. */
export function grantOf(request: Granted): Grant | null {
  return request[GRANT] ?? null;
}

/**
 * Refuses, before a body is read: without a valid token `token_missing` or `token_invalid`, with one for another service `forbidden`.
 * The token is looked at when the request begins: an answer under way goes on to its end when its token is revoked meanwhile.
 */
export function demandTokens(
  app: FastifyInstance,
  { tokens, stack }: { readonly tokens: LiveTokens; readonly stack: LiveStack },
): void {
  app.addHook('onRequest', (request: Granted, _reply, done) => {
    const { set } = tokens;
    if (set === null || request.routeOptions.config.isOpen === true) {
      done();
      return;
    }
    const token = readBearer(request.headers.authorization);
    if (token === null) throw missing();
    const grant = findGrant(set, token);
    if (grant === null) throw new LlmOpsError('token_invalid', 'this token is not known');
    request[GRANT] = grant;
    if (grant.expiresAtMs !== null && Date.now() >= grant.expiresAtMs)
      throw new LlmOpsError('token_invalid', 'this token has expired');
    // An address that no route took has no service: what is said of it is limited by `tellTo`.
    if (!request.is404 && !opens(grant, serviceOf(request, stack)))
      throw new LlmOpsError('forbidden', 'this token is not for this service');
    done();
  });
}

/** Lets everyone ask the routes of this scope: they are of the process, and the front door publishes none of them. */
export function openToAll(scope: FastifyInstance): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, isOpen: true };
  });
}

/** The service that the route belongs to: the one in its address, or the only one of a worker. */
function serviceOf(request: FastifyRequest, stack: LiveStack): string | null {
  const { service } = request.params as { service?: string };
  if (service !== undefined) return service;
  return stack.role === 'worker' ? stack.service(undefined).name : null;
}

function missing(): LlmOpsError {
  return new LlmOpsError('token_missing', 'a token is needed', {
    hint: 'send it in the header "Authorization: Bearer <token>"',
  });
}
