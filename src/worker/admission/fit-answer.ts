/** The length of an answer as the context of its engine allows it. */
import type { EngineRequest } from '../prepare-prompt.ts';
import type { Replica } from '../replica.ts';

/** What is sent to this replica for the request. */
export function fitAnswer(
  _replica: Replica,
  request: EngineRequest,
  _signal: AbortSignal,
): Promise<EngineRequest> {
  return Promise.resolve(request);
}
