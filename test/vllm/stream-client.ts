/** A client that reads a stream frame by frame, and can act in its middle. */
import http from 'node:http';
import https from 'node:https';

export type Frame = {
  readonly text: string;
  readonly error_code: number;
  readonly finish_reason?: string | null;
};

export type Streamed = {
  readonly status: number;
  readonly frames: readonly Frame[];
  /** From the call of `act` to the end of the stream, milliseconds. */
  readonly afterActMs: number;
};

/** Reads `worker_generate_stream`, and calls `act` once, when the third frame has come. */
export async function streamAndAct(
  url: string,
  body: Readonly<Record<string, unknown>>,
  act: () => Promise<void>,
): Promise<Streamed> {
  const { promise, resolve, reject } = Promise.withResolvers<Streamed>();
  const client = url.startsWith('https:') ? https : http;
  const headers = { 'content-type': 'application/json' };
  const request = client.request(url, {
    method: 'POST',
    headers,
    rejectUnauthorized: false,
    agent: false,
  });
  request.on('error', reject);
  request.on('response', (response) => {
    let text = '';
    let actedAtMs = 0;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (actedAtMs > 0 || text.split('\0').length <= 3) return;
      actedAtMs = performance.now();
      act().catch(reject);
    });
    response.on('error', reject);
    response.on('end', () => {
      const parts = text.split('\0');
      const rest = parts.pop();
      if (rest !== '') reject(new Error(`the stream ends in the middle of a frame: ${rest ?? ''}`));
      resolve({
        status: response.statusCode ?? 0,
        frames: parts.map((part) => JSON.parse(part) as Frame),
        afterActMs: actedAtMs === 0 ? Number.NaN : performance.now() - actedAtMs,
      });
    });
  });
  request.end(JSON.stringify(body));
  return promise;
}
