/**
 * What we use of prom-client, without its door: that also brings a push gateway, HTTPS, a cluster and a tracing API, a tenth of the time that
 * the worker takes to start. The files are prom-client's own, so a new version of the package may move them: then nothing starts, and every
 * test says so.
 */
import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';

const require = createRequire(import.meta.url);

export const Registry = require('prom-client/lib/registry.js') as typeof PromClient.Registry;
export const Gauge = require('prom-client/lib/gauge.js') as typeof PromClient.Gauge;
export const Counter = require('prom-client/lib/counter.js') as typeof PromClient.Counter;
