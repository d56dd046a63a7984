/**
 * undici's `Pool` without the rest of the package. Its door also brings fetch, WebSocket, caches and mocks, which nobody here uses: 5 MB, and
 * a tenth of the time that the worker takes to start. The files are undici's own, so a new version of the package may move them: then
 * nothing starts, and every test says so.
 */
import { createRequire } from 'node:module';
import type { Pool as UndiciPool } from 'undici';

const require = createRequire(import.meta.url);

export const Pool = require('undici/lib/dispatcher/pool.js') as typeof UndiciPool;

// The door gives dispatchers their methods; this is the one that we call.
Pool.prototype.request = require('undici/lib/api/api-request.js') as UndiciPool['request'];
