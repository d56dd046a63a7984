import type { ApiCase } from '../api-case.ts';
import { post } from '../api-case.ts';

const get = (path: string): ApiCase['request'] => {
  return () => ({ path });
};

/** What is asked about the engine itself, and what it does not have. */
export const STATUS_CASES: readonly ApiCase[] = [
  { name: 'GET /health', request: get('/health') },
  { name: 'GET /ping', request: get('/ping') },
  { name: 'GET /version', request: get('/version') },
  { name: 'GET /v1/models', request: get('/v1/models') },
  { name: 'GET /load', request: get('/load') },
  { name: 'an unknown path', request: get('/nope') },
  { name: 'an unknown path by POST', request: post('/v1/nope', {}) },
  { name: 'GET where POST is meant', request: get('/v1/completions') },
  { name: 'POST where GET is meant', request: post('/v1/models', {}) },
  {
    name: 'embeddings of a model that generates',
    request: post('/v1/embeddings', { input: 'a' }),
  },
];
