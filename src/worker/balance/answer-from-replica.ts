/** One admitted request at the replica that suits it. */
import { fitAnswer } from '../admission/fit-answer.ts';
import type { AnswerTap } from '../answer-tap.ts';
import type { LiveService, LiveVersion } from '../live-service.ts';
import type { EngineRequest } from '../prepare-prompt.ts';
import type { RequestTrace } from '../request-trace.ts';

export type AdmittedRequest = {
  readonly service: LiveService;
  readonly version: LiveVersion;
  readonly request: EngineRequest;
  readonly tap: AnswerTap;
  readonly signal: AbortSignal;
  readonly trace: RequestTrace;
};

/** Resolves when the answer is complete. Rejects with LlmOpsErrors, and with the signal's reason. */
export async function answerFromReplica(admitted: AdmittedRequest): Promise<void> {
  const { service, version, request, tap, signal, trace } = admitted;
  const replica = await service.chooseReplica(version);
  trace.replica = replica.id;
  trace.attempts += 1;
  const leave = replica.enter();
  try {
    const { prompt, sampling } = await fitAnswer(replica, request, signal);
    await replica.engine.generate({ prompt, sampling, sink: tap, signal });
  } catch (error) {
    throw await service.explain(replica, error);
  } finally {
    leave();
  }
}
