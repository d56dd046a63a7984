/** One admitted request at the replica that suits it; at another one when that fails before the client could see anything. */
import { randomBytes } from 'node:crypto';
import { fitAnswer } from '../admission/fit-answer.ts';
import type { AnswerTap } from '../answer/answer-tap.ts';
import type { Admission } from '../dispatch/dispatch.ts';
import type { LiveService } from '../live/live-service.ts';
import type { EngineRequest } from '../answer/prepare-prompt.ts';
import type { Seat } from '../live/replica.ts';
import type { RequestTrace } from '../answer/request-trace.ts';
import { isEnginesFault } from './health/engine-fault.ts';

export type AdmittedRequest = {
  readonly service: LiveService;
  readonly admission: Admission;
  readonly request: EngineRequest;
  readonly tap: AnswerTap;
  readonly signal: AbortSignal;
  readonly trace: RequestTrace;
};

/**
 * Resolves when the answer is complete. Rejects with LlmOpsErrors, and with the signal's reason.
 *
 * A second attempt is made where the first failed by its engine's fault before its client saw anything, which is at any time where the
 * answer is told in one piece. Only one: what fails at two engines is likely to fail at all, and each attempt may have cost its engine a
 * prefill. It stays with the request's version, because the prompt was rendered for that, and whoever weighs versions wants to see one fail.
 */
export async function answerFromReplica(admitted: AdmittedRequest): Promise<void> {
  const { service, admission, request, tap, signal, trace } = admitted;
  const { chosen } = admission;
  const { prompt } = request;
  const version = service.versionNow(admission.version);
  trace.version = version.name;
  // Whoever is chosen counts this request at once, so that nobody chooses by numbers that are no longer true.
  const first =
    chosen?.seat ??
    service.pickReplica(version, { prompt }) ??
    (await service.chooseReplica(version, { prompt }));
  try {
    await attempt(admitted, first);
    return;
  } catch (error) {
    const mayTryAgain = !signal.aborted && tap.canRestart && isEnginesFault(error);
    const other = !mayTryAgain
      ? null
      : chosen === null
        ? service.pickReplica(version, { prompt, except: first })
        : await chosen.other();
    if (other === null) throw await service.explain(first, error);
    tap.restart();
    await attempt(admitted, other).catch(async (failure: unknown) => {
      throw await service.explain(other, failure);
    });
  }
}

async function attempt(
  { request, tap, signal, trace }: AdmittedRequest,
  replica: Seat,
): Promise<void> {
  trace.replica = replica.id;
  trace.attempts += 1;
  const requestId = `${trace.id}-${nextSuffix()}`;
  await replica.serve({ sink: tap, signal }, async (sink) => {
    const { prompt, sampling } = await fitAnswer(replica, request, signal);
    await replica.engine.generate({ prompt, sampling, sink, signal, requestId });
  });
}

/** Of this process, and another one each time that it starts. */
const PROCESS = randomBytes(4).toString('hex');
let attempts = 0;

/** Of our own making behind the client's name: two requests of one name would disturb each other in the engine. */
function nextSuffix(): string {
  attempts += 1;
  return `${PROCESS}${attempts.toString(36)}`;
}
