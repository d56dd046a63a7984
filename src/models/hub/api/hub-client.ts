/**
 * What we ask the hub. Listing is @huggingface/hub's; downloading is not, as its own cannot resume and checks no hash. The token is added
 * here and not by the library: that takes none that does not begin with `hf_` (mirrors have others) and follows a `Link` anywhere with it.
 */
import { listFiles, modelInfo } from '@huggingface/hub';

import { LlmOpsError } from '../../../errors.ts';
import type { PullLimits } from '../../pull-limits.ts';
import { isTransient, toHubError, toNetworkError, type HubQuestion } from './hub-errors.ts';
import type { HubSettings } from '../hub-settings.ts';
import { persist, retryAfterMs, type Attempt } from './persist.ts';

export type HubFile = {
  /** In the repository, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** The hub's name for the content, and its hash: see `content-hash.ts`. */
  readonly etag: string;
};

export type HubClient = {
  /** The commit that a branch, a tag or a (short) commit is now. */
  resolveCommit(id: string, revision: string): Promise<string>;
  listFiles(id: string, commit: string): Promise<readonly HubFile[]>;
  /** One request for the bytes from `from` on, redirects followed. Throws what fetch throws. */
  openFile(
    id: string,
    commit: string,
    path: string,
    from: number,
    signal: AbortSignal,
  ): Promise<Response>;
};

type ClientOptions = {
  readonly settings: HubSettings;
  readonly limits: PullLimits;
  readonly signal: AbortSignal;
};

/** Its methods throw `model_not_found`, `model_gated`, `hub_unreachable`, `hub_failed`, and the signal's reason. */
export function createHubClient({ settings, limits, signal }: ClientOptions): HubClient {
  const { endpoint, token } = settings;
  const send: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    // fetch itself drops the header when a redirect leads to another origin.
    if (
      token !== null &&
      new URL(input instanceof Request ? input.url : input).origin === new URL(endpoint).origin
    )
      headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
  /** What the library calls: it gets only replies that went well. */
  const ask = (asked: HubQuestion): typeof fetch => {
    return async (input, init) =>
      persist(limits, signal, async () => attempt(send, input, init, { asked, limits, signal }));
  };
  /** A reply that is not what a hub says (a portal's page, a mirror that has only half of the API) makes the library throw anything. */
  const understand = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LlmOpsError) throw error;
      throw new LlmOpsError(
        'hub_failed',
        `What the hub at ${endpoint} answers makes no sense: ${String(error)}`,
        {
          hint: 'Check that HF_ENDPOINT is a Hugging Face hub, or a mirror of it.',
          cause: error,
        },
      );
    }
  };
  return {
    async resolveCommit(id, revision) {
      const fetch = ask({ ...settings, id, revision, file: null });
      return understand(async () => {
        const { sha } = await modelInfo({
          name: id,
          revision,
          hubUrl: endpoint,
          additionalFields: ['sha'],
          fetch,
        });
        if (!/^[0-9a-f]{40}$/.test(sha)) throw new SyntaxError(`${sha} is no commit`);
        return sha;
      });
    },
    async listFiles(id, commit) {
      const fetch = ask({ ...settings, id, revision: commit, file: null });
      const repo = { type: 'model', name: id } as const;
      return understand(async () => {
        const files: HubFile[] = [];
        const query = { repo, revision: commit, recursive: true, hubUrl: endpoint, fetch };
        for await (const { type, path, size, oid, lfs } of listFiles(query)) {
          const file = { path, bytes: lfs?.size ?? size, etag: lfs?.oid ?? oid ?? '' };
          if (type === 'file') files.push(requireSound(file));
        }
        return files;
      });
    },
    async openFile(id, commit, path, from, stop) {
      const name = path.split('/').map(encodeURIComponent).join('/');
      return send(`${endpoint}/${id}/resolve/${commit}/${name}`, {
        // Sizes and ranges are those of the content, not of a compressed form.
        headers: {
          'accept-encoding': 'identity',
          ...(from > 0 && { range: `bytes=${String(from)}-` }),
        },
        signal: stop,
      });
    },
  };
}

type Asking = {
  readonly asked: HubQuestion;
  readonly limits: PullLimits;
  readonly signal: AbortSignal;
};

async function attempt(
  send: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  { asked, limits, signal }: Asking,
): Promise<Attempt<Response>> {
  let response: Response;
  try {
    const stop = AbortSignal.any([signal, AbortSignal.timeout(limits.stallMs)]);
    response = await send(input, { ...init, signal: stop });
  } catch (error) {
    signal.throwIfAborted();
    const failure = toNetworkError(error, asked);
    // Who is out of reach now is so in a minute too, and somebody waits for the answer; a broken connection may have been bad luck.
    if (!isBroken(error)) throw failure;
    return { isDone: false, error: failure, pauseMs: 0, hasProgress: false };
  }
  if (response.ok) return { isDone: true, value: response };
  const error = await toHubError(response, asked);
  if (!isTransient(response.status)) throw error;
  return { isDone: false, error, pauseMs: retryAfterMs(response), hasProgress: false };
}

function isBroken(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code);
}

/** Paths become paths of this machine and hashes names of files: a hub is not trusted to stay inside the cache. */
function requireSound(file: HubFile): HubFile {
  const isInside = !/[\\\0]/.test(file.path) && !/(^|\/)(\.\.?)?(\/|$)/.test(file.path);
  const isHash = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(file.etag);
  if (isInside && isHash && Number.isSafeInteger(file.bytes) && file.bytes >= 0) return file;
  throw new SyntaxError(`it lists a file that cannot be: ${JSON.stringify(file)}`);
}
