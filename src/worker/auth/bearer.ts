/** `Authorization: Bearer <token>` (RFC 6750 §2.1). */

/** Visible ASCII, as every client can send it. The scheme's name is of any case (RFC 9110 §11.1). */
const BEARER = /^bearer[ \t]+([\x21-\x7e]+)[ \t]*$/i;

/**
 * The token in the header's value; null when there is none. Nothing else of a request is ever read for one: an address ends up in logs
 * and histories.
 */
export function readBearer(authorization: string | undefined): string | null {
  return BEARER.exec(authorization ?? '')?.[1] ?? null;
}
