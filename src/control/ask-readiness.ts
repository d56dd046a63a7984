/** Asks a stack's front door whether a service is ready. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';

import { type FrontDoor, isLoopback } from './front-door.ts';

export type Readiness = {
  readonly isReady: boolean;
  /** One word for people: `ready`, `starting`, or what the worker says, such as `loading`. */
  readonly state: string;
  /** One sentence, or what the engines do while they load (`loading the weights, 60 %`); empty when there is no more to say. */
  readonly detail: string;
  /** The worker answers, but tells of its model only to who has a token: `isReady` says no more than that. */
  readonly isHidden?: true;
};

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * `GET /api/<service>/model_details`: 200 when the model is ready, else JSON with `state`. A worker that asks for a token says 401; then
 * `/ready` tells, which needs none, where the process that serves is the front door itself. Never throws: what cannot be asked is
 * `starting`.
 */
export async function askReadiness(
  door: FrontDoor,
  service: string,
  signal: AbortSignal,
): Promise<Readiness> {
  try {
    const { status, body } = await get(
      door,
      `/api/${encodeURIComponent(service)}/model_details`,
      signal,
    );
    if (!asksForToken(status, body)) return readAnswer(status, body);
    const told = await get(door, '/ready', signal);
    return readProcessAnswer(told.body, service);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      isReady: false,
      state: 'starting',
      detail: `${door.url} does not answer yet (${why})`,
    };
  }
}

/**
 * Whether the gateway itself is on the road: what no service's route takes has an answer of ours, in JSON. Until then a front door
 * answers by itself, with a page of text. Never throws.
 */
export async function gatewayAnswers(door: FrontDoor, signal: AbortSignal): Promise<boolean> {
  try {
    const { body } = await get(door, '/api', signal);
    return Object.keys(parseObject(body)).length > 0;
  } catch {
    return false;
  }
}

/** What an answer of the front door says about a service. */
export function readAnswer(status: number, body: string): Readiness {
  if (status === 200) return { isReady: true, state: 'ready', detail: '' };
  const told = parseObject(body);
  const state = typeof told['state'] === 'string' ? told['state'] : 'starting';
  const message = typeof told['error_message'] === 'string' ? told['error_message'] : null;
  const detail = progressOf(told) ?? message ?? `answered HTTP ${String(status)}`;
  return { isReady: false, state, detail };
}

/** Numbers of a worker's own errors (docs/tokens.md): another program's 401 says nothing of the worker behind it. */
const TOKEN_ERRORS: readonly unknown[] = [40101, 40102];

function asksForToken(status: number, body: string): boolean {
  return status === 401 && TOKEN_ERRORS.includes(parseObject(body)['error_code']);
}

/** What `/ready` of the process says of one of its services; on Docker nobody may ask it from outside. */
function readProcessAnswer(body: string, service: string): Readiness {
  const { services } = parseObject(body);
  const state = new Map(Object.entries(services ?? {})).get(service) as unknown;
  if (typeof state === 'string')
    return { isReady: state === 'ready', state, detail: 'asks for a token' };
  return { isReady: true, state: 'answers', detail: 'asks for a token', isHidden: true };
}

/** The phrases of the replicas that load, each once: the message has them, too, behind what the state says already. */
function progressOf({ progress }: Readonly<Record<string, unknown>>): string | null {
  if (typeof progress !== 'object' || progress === null) return null;
  const phrases = Object.values(progress).filter((phrase) => typeof phrase === 'string');
  return phrases.length === 0 ? null : [...new Set(phrases)].join('; ');
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function get(
  door: FrontDoor,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const options = {
    host: door.address,
    port: door.port,
    path,
    headers: { host: `${door.host}:${String(door.port)}`, accept: 'application/json' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    // Each question gets its own connection, so that none is left open when the waiting ends.
    agent: false as const,
  };
  const tls = {
    ...(isIP(door.host) === 0 ? { servername: door.host } : {}),
    // Only readiness is asked, and only of this machine itself: nobody stands between.
    rejectUnauthorized: !isLoopback(door.address),
  };
  const request = door.tls ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
  request.on('error', reject);
  request.on('response', (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  request.end();
  return promise;
}
