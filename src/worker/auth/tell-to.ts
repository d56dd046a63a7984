/** What an error may tell to whom: a token for some services is not told the names and states of others. */
import { LlmOpsError } from '../../errors.ts';
import { opens } from './token-set.ts';
import type { Grant } from './token-set.ts';

/** The error as the holder of this grant may see it; null: no token was asked for, or none given. */
export function tellTo(grant: Grant | null, error: unknown): unknown {
  if (grant === null || grant.services === null || !(error instanceof LlmOpsError)) return error;
  const { service, services } = error.details;
  const names = [service, services].flat().filter((name) => typeof name === 'string');
  if (names.every((name) => opens(grant, nameIn(name)))) return error;
  return new LlmOpsError('not_found', 'there is nothing here that this token opens');
}

/** Details name a service by itself or by its address. */
function nameIn(text: string): string {
  return /^\/api\/(.*)\/$/.exec(text)?.[1] ?? text;
}
