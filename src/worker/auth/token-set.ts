/** Tokens as they are looked up: by what the file says of them, never by themselves. Pure. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { WorkerTokens } from '../../config/worker-config.ts';
import { LlmOpsError } from '../../errors.ts';

/** What a token is allowed to do. Has nothing of the token itself. */
export type Grant = {
  /** Names the token in logs. */
  readonly id: string;
  /** The services that it opens; null: all. */
  readonly services: ReadonlySet<string> | null;
  /** Milliseconds since 1970; null: never. */
  readonly expiresAtMs: number | null;
};

type Entry = { readonly digest: Buffer; readonly grant: Grant };

/** By the digest in hexadecimal digits. */
export type TokenSet = ReadonlyMap<string, Entry>;

/** Throws `config_invalid`, naming the file, when two entries are of one token: nobody could say which of them counts. */
export function toTokenSet({ tokens }: WorkerTokens, file: string): TokenSet {
  const set = new Map<string, Entry>();
  for (const { id, sha256, services, expires_at_ms: expiresAtMs } of tokens) {
    const twin = set.get(sha256);
    if (twin !== undefined)
      throw new LlmOpsError(
        'config_invalid',
        `${file}: "${twin.grant.id}" and "${id}" are the same token`,
      );
    const grant = { id, services: services === null ? null : new Set(services), expiresAtMs };
    set.set(sha256, { digest: Buffer.from(sha256, 'hex'), grant });
  }
  return set;
}

/**
 * The grant of a token as a client presents it; null when there is none. Each request looks into the set that is in force, so that a
 * revoked token is revoked at once.
 *
 * How long a look-up takes may tell how far a digest agrees with one in the set. Who guesses tokens cannot choose their digests, so
 * learns nothing to guess the next one by. The last comparison takes the same time for all digests, so that this holds as well for
 * whatever a map does when its keys collide.
 */
export function findGrant(set: TokenSet, token: string): Grant | null {
  const known = digests.get(token);
  const digest = known ?? toDigest(token);
  const entry = set.get(digest.hex);
  if (entry === undefined || !timingSafeEqual(entry.digest, digest.bytes)) return null;
  if (known === undefined) remember(token, digest);
  return entry.grant;
}

type Digest = { readonly bytes: Buffer; readonly hex: string };

/**
 * Of tokens that were good when they came: only what a digest is, never what it opens. To compute one takes a few microseconds of a busy
 * worker, but of an idle one, whose caches have forgotten OpenSSL, a twentieth of the time to the first token.
 */
const digests = new Map<string, Digest>();
const MOST_DIGESTS = 1_024;

function toDigest(token: string): Digest {
  const bytes = hash('sha256', token, 'buffer');
  return { bytes, hex: bytes.toString('hex') };
}

/** The one that was remembered first makes room. */
function remember(token: string, digest: Digest): void {
  const [oldest] = digests.size < MOST_DIGESTS ? [] : digests.keys();
  if (oldest !== undefined) digests.delete(oldest);
  digests.set(token, digest);
}

/** Whether a grant opens a service; null: something that belongs to no single service, which only a grant for all opens. */
export function opens({ services }: Grant, service: string | null): boolean {
  return services === null || (service !== null && services.has(service));
}
