/** What nobody else took: unknown paths, unknown services, and, for a gateway, services whose own worker is down. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { LlmOpsError } from '../../errors.ts';
import type { LiveService } from '../live/live-service.ts';
import type { LiveStack } from '../live/live-stack.ts';

const ASK_TIMEOUT_MS = 1_000;
const RETRY_AFTER_S = 5;

/** The error for a request that no route took. */
export async function explainMiss(stack: LiveStack, request: FastifyRequest): Promise<LlmOpsError> {
  const path = request.url.split('?', 1)[0] ?? '';
  const name = stack.role === 'gateway' ? serviceOf(path) : null;
  if (name === null) return noSuchPath(stack, path);
  const service = stack.find(name);
  if (service === null) return stack.unknown(name);
  return service.worker === null ? noSuchPath(stack, path) : workerDown(service, service.worker);
}

/** `/api/<service>` and below. */
function serviceOf(path: string): string | null {
  const [, encoded] = /^\/api\/([^/]+)(?:\/|$)/.exec(path) ?? [];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function noSuchPath(stack: LiveStack, path: string): LlmOpsError {
  const services = stack.role === 'gateway' ? stack.services.map(({ name }) => name).sort() : [];
  return new LlmOpsError('not_found', `there is nothing at ${path}`, {
    ...(services.length > 0
      ? { details: { services: services.map((name) => `/api/${name}/`) } }
      : {}),
  });
}

/** The request reached us because the service's worker has no route at the front door: it is stopped, or just coming back. */
async function workerDown(service: LiveService, worker: string): Promise<LlmOpsError> {
  const state = await askWorker(worker, service.name);
  const words = state === null ? 'its worker is not running' : 'its worker is starting';
  return new LlmOpsError('worker_unavailable', `${service.name}: ${words}`, {
    details: {
      service: service.name,
      // An engine may be ready before the front door knows the way to its worker.
      state: state === null ? 'worker down' : state === 'ready' ? 'starting' : state,
      retry_after_s: RETRY_AFTER_S,
    },
  });
}

/** The worker's own word on its engine; null: nobody answers there. `/ready` needs no token, and no visitor reaches it. */
async function askWorker(worker: string, service: string): Promise<string | null> {
  try {
    const reply = await fetch(`${worker}/ready`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const body = Readiness.safeParse(await reply.json());
    return body.data?.services[service] ?? 'unknown';
  } catch {
    return null;
  }
}

const Readiness = z.object({ services: z.record(z.string(), z.string()) });
