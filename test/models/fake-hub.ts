/**
 * A Hugging Face hub in this process, for tests: what the hub answers to listing and downloading, and its ways to fail. Large files
 * (GGUF, safetensors, bin) are redirected to a second origin, as the hub redirects them to its CDN.
 *
 *     const hub = await startFakeHub();
 *     const commit = hub.push('org/model-GGUF', { 'model.Q4_K_M.gguf': bytes });
 *     … HF_ENDPOINT: hub.url …
 *     hub.fail('model.Q4_K_M.gguf', { cutAfterBytes: 1000 });
 *     hub.bytesOf('model.Q4_K_M.gguf');
 *     await hub.close();
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { reply, replyJson, sendFile, type FakeRequest, type Fault } from './fake-hub-replies.ts';

export type FakeHub = {
  /** For `HF_ENDPOINT`. */
  readonly url: string;
  /** Every request that came, in order. */
  readonly requests: readonly FakeRequest[];
  /** Adds a commit with these files (path → content) to a branch, and makes the repository when there is none. Returns the commit. */
  push(id: string, files: Readonly<Record<string, Buffer | string>>, options?: PushOptions): string;
  /** How downloads of that file (path in the repository) go from now on; null: well. */
  fail(path: string, fault: Fault | null): void;
  /** Lists the file with another size than it has. */
  claim(path: string, bytes: number): void;
  /** Requests to the place where the file's bytes come from. */
  downloadsOf(path: string): readonly FakeRequest[];
  /** Bytes of that file that were sent. */
  bytesOf(path: string): number;
  close(): Promise<void>;
};

export type PushOptions = {
  /** Default `main`. */
  readonly branch?: string;
  /** Needs the token `hf_member`; others get 403, or 401 without any. */
  readonly isGated?: boolean;
  /** Needs `hf_member`; to others it does not exist. */
  readonly isPrivate?: boolean;
};

/** The one token that may see gated and private repositories. `hf_guest` is good for nothing; all others are refused. */
export const MEMBER_TOKEN = 'hf_member';
const TOKENS = new Set([MEMBER_TOKEN, 'hf_guest']);
const LARGE = /\.(gguf|safetensors|bin)$/;

type Repository = {
  readonly options: PushOptions;
  readonly branches: Map<string, string>;
  readonly commits: Map<string, ReadonlyMap<string, Buffer>>;
};

export async function startFakeHub(): Promise<FakeHub> {
  const repositories = new Map<string, Repository>();
  const blobs = new Map<string, Buffer>();
  const requests: FakeRequest[] = [];
  const claims = new Map<string, number>();
  const faults = new Map<string, { readonly fault: Fault; left: number }>();
  const note = (at: 'hub' | 'cdn', request: IncomingMessage, file: string | null): FakeRequest => {
    const { method = '', url: path = '', headers } = request;
    const { range = null, authorization = null } = headers;
    const noted = { at, method, path, range, authorization, file, bytes: 0 };
    requests.push(noted);
    return noted;
  };
  const takeFault = (path: string): Fault => {
    const found = faults.get(path);
    if (found === undefined || found.left <= 0) return {};
    found.left -= 1;
    return found.fault;
  };
  const send = async (
    response: ServerResponse,
    content: Buffer,
    noted: FakeRequest,
  ): Promise<unknown> => {
    const fault = takeFault(noted.file ?? '');
    const isInForce = (): boolean => faults.get(noted.file ?? '')?.fault === fault;
    return sendFile(response, content, noted, fault, isInForce);
  };
  const cdn = await listen((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cdn');
    const noted = note('cdn', request, searchParams.get('file'));
    const content = blobs.get(pathname.slice(1));
    return content === undefined
      ? reply(response, 404, 'no such blob')
      : send(response, content, noted);
  });
  const hub = await listen((request, response) => {
    const url = decodeURIComponent(new URL(request.url ?? '', 'http://hub').pathname);
    const asked =
      /^\/api\/models\/(?<id>[^/]+\/[^/]+)\/(?<what>revision|tree)\/(?<rest>.+)$/.exec(url) ??
      /^\/(?<id>[^/]+\/[^/]+)\/(?<what>resolve)\/(?<rest>.+)$/.exec(url);
    const { id = '', what = '', rest = '' } = asked?.groups ?? {};
    const repository = repositories.get(id);
    const [revision, path] = what === 'resolve' ? splitFirst(rest) : [rest, null];
    const isLarge = path !== null && LARGE.test(path);
    const noted = note('hub', request, isLarge ? null : path);
    const refusal = refuse(repository, request.headers.authorization ?? null, what);
    if (refusal !== null || repository === undefined)
      return reply(response, ...(refusal ?? [404, 'Not Found', 'RepoNotFound']));
    const commit = repository.branches.get(revision) ?? revision;
    const files = repository.commits.get(commit);
    if (files === undefined)
      return reply(response, 404, `Invalid rev id: ${revision}`, 'RevisionNotFound');
    if (what === 'revision') return replyJson(response, { _id: id, id, sha: commit, ...INFO });
    if (what === 'tree')
      return replyJson(
        response,
        [...files].map(([file, bytes]) => toTreeEntry(file, bytes, claims.get(file))),
      );
    const content = files.get(path ?? '');
    if (path === null || content === undefined)
      return reply(response, 404, 'Entry not found', 'EntryNotFound');
    const etag = etagOf(path, content);
    response.setHeader('x-repo-commit', commit);
    response.setHeader('etag', `"${etag}"`);
    if (!isLarge) return send(response, content, noted);
    response.setHeader('x-linked-etag', `"${etag}"`);
    response.setHeader('x-linked-size', content.length);
    response.setHeader('location', `${cdn.url}/${etag}?file=${encodeURIComponent(path)}`);
    return reply(response, 302, 'Found');
  });
  return {
    url: hub.url,
    requests,
    push(id, files, options = {}) {
      const repository: Repository = repositories.get(id) ?? {
        options,
        branches: new Map(),
        commits: new Map(),
      };
      repositories.set(id, repository);
      const contents = new Map(
        Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const),
      );
      const hash = createHash('sha1').update(id);
      for (const [path, content] of contents) {
        blobs.set(etagOf(path, content), content);
        hash.update(`${path}\0${etagOf(path, content)}\0`);
      }
      const commit = hash.digest('hex');
      repository.commits.set(commit, contents);
      repository.branches.set(options.branch ?? 'main', commit);
      return commit;
    },
    fail(path, fault) {
      if (fault === null) faults.delete(path);
      else faults.set(path, { fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    claim: (path, bytes) => void claims.set(path, bytes),
    downloadsOf: (path) => requests.filter(({ file }) => file === path),
    bytesOf: (path) =>
      requests.filter(({ file }) => file === path).reduce((sum, { bytes }) => sum + bytes, 0),
    close: async () => {
      await Promise.all([hub.close(), cdn.close()]);
    },
  };
}

const INFO = {
  private: false,
  gated: false,
  downloads: 0,
  likes: 0,
  lastModified: '2026-01-01T00:00:00.000Z',
};

type Refusal = readonly [status: number, message: string, code?: string];

/** Who may not read: as the hub, which tells of a private repository no more than of one that does not exist. */
function refuse(
  repository: Repository | undefined,
  header: string | null,
  what: string,
): Refusal | null {
  const token = header?.replace(/^Bearer /, '') ?? null;
  if (token !== null && !TOKENS.has(token))
    return [401, 'Invalid credentials in Authorization header'];
  const isMember = token === MEMBER_TOKEN;
  if (repository === undefined || (repository.options.isPrivate === true && !isMember))
    return token === null
      ? [401, 'Invalid username or password.', 'RepoNotFound']
      : [404, 'Repository not found', 'RepoNotFound'];
  // Terms stand before the files; that there is such a model everybody may know.
  if (what === 'resolve' && repository.options.isGated === true && !isMember)
    return [token === null ? 401 : 403, 'Access to this model is restricted.', 'GatedRepo'];
  return null;
}

function toTreeEntry(path: string, content: Buffer, size = content.length): object {
  const oid = gitBlobId(content);
  if (!LARGE.test(path)) return { type: 'file', oid, size, path };
  const lfs = { oid: etagOf(path, content), size, pointerSize: 134 };
  return { type: 'file', oid, size, path, lfs, xetHash: lfs.oid };
}

function etagOf(path: string, content: Buffer): string {
  return LARGE.test(path) ? createHash('sha256').update(content).digest('hex') : gitBlobId(content);
}

function gitBlobId(content: Buffer): string {
  return createHash('sha1')
    .update(`blob ${String(content.length)}\0`)
    .update(content)
    .digest('hex');
}

function splitFirst(text: string): readonly [string, string] {
  const at = text.indexOf('/');
  return [text.slice(0, at), text.slice(at + 1)];
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    Promise.resolve(answer(request, response)).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
