/** Base addresses of servers, to which their callers add paths: without a slash at the end. */
import { mismatch, quoted } from './mismatch.ts';

/** The base address of an engine: a trailing `/v1` is taken off, too, since adapters add their own paths. */
export function parseEngineUrl(value: unknown): string {
  const hint = 'the address of an engine that runs already, such as `http://10.0.0.7:8000`';
  return parseAddress(value, hint).replace(/\/v1$/, '');
}

export function parseControllerUrl(value: unknown): string {
  return parseAddress(
    value,
    'the address of a FastChat controller, such as `http://10.0.0.7:21001`',
  );
}

/** Where FastChat's servers reach a worker. They add `/worker_generate` and the like. */
export function parseWorkerAddress(value: unknown): string {
  const example = '`http://10.0.0.8:8989/fastchat/my-model`';
  return parseAddress(value, `where FastChat’s servers reach this service, such as ${example}`);
}

function parseAddress(value: unknown, hint: string): string {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw mismatch(`${quoted(value)} is no http or https address`, hint);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw mismatch(`${quoted(value)} has a login, a query or a fragment`, `leave it out: ${hint}`);
  return url.origin + url.pathname.replace(/\/+$/, '');
}
