/** A client of the front door that, like `curl -k`, takes the self-signed certificate. */
import http from 'node:http';
import https from 'node:https';

export type Reply = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** What each read brought. */
  readonly chunks: readonly string[];
};

export async function ask(
  url: string,
  options: {
    readonly body?: unknown;
    readonly method?: string;
    /** Closes the connection in the middle of the answer. */
    readonly leaveAtFirstChunk?: boolean;
  } = {},
): Promise<Reply> {
  const { body } = options;
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.request(
      url,
      {
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        rejectUnauthorized: false,
        agent: false,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
      },
      (response) => {
        const chunks: string[] = [];
        response.setEncoding('utf8');
        const finish = (): void => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, chunks, text: chunks.join('') });
        };
        response.on('data', (chunk: string) => {
          chunks.push(chunk);
          if (options.leaveAtFirstChunk !== true) return;
          request.destroy();
          finish();
        });
        response.on('error', reject);
        response.on('end', finish);
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export function json(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.text) as Record<string, unknown>;
}

/** Asks until the condition holds. Traefik learns of a container that comes or goes within a second or two. */
export async function askUntil(
  url: string,
  holds: (reply: Reply) => boolean,
  options: { readonly body?: unknown; readonly timeoutMs?: number } = {},
): Promise<Reply> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  for (;;) {
    const reply = await ask(url, options).catch(() => null);
    if (reply !== null && holds(reply)) return reply;
    if (Date.now() > deadline)
      throw new Error(`${url} never got there; last: ${reply?.status ?? 0} ${reply?.text ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
