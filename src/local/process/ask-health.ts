import { request } from 'node:http';

/**
 * ready: 200. unready: another status, which engines give while they load and when they are dead. refused: nothing takes connections
 * there. silent: no answer in time, as of an engine that is busy.
 */
export type Health = 'ready' | 'unready' | 'refused' | 'silent';

export type HealthOptions = {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
};

/** Asks an engine's `GET /health`, which needs no key on any of them. Never throws. */
export async function askHealth({ host, port, timeoutMs }: HealthOptions): Promise<Health> {
  const { promise, resolve } = Promise.withResolvers<Health>();
  const asking = request({ host, port, path: '/health', agent: false, timeout: timeoutMs });
  asking.once('response', (response) => {
    response.resume();
    resolve(response.statusCode === 200 ? 'ready' : 'unready');
  });
  asking.once('timeout', () => asking.destroy());
  asking.on('error', (error: NodeJS.ErrnoException) =>
    resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'silent'),
  );
  asking.once('close', () => resolve('silent'));
  asking.end();
  return promise;
}
