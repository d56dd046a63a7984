/** One generation, from the parsed request to a reply's sink: place, replica, prompt, engine. Knows nothing of HTTP replies. */
import { isDeepStrictEqual } from 'node:util';
import type { Prompt } from '../../engines/engine.ts';
import { LlmOpsError } from '../../errors.ts';
import { checkInputLength, checkPromptLength } from '../admission/prompt-length.ts';
import { AnswerTap } from './answer-tap.ts';
import type { AnswerSink } from './answer-tap.ts';
import { answerFromReplica } from '../balance/answer-from-replica.ts';
import type { Admission, Dispatch } from '../dispatch/dispatch.ts';
import type { GenerateRequest } from './generate-request.ts';
import type { LiveService, LiveVersion } from '../live/live-service.ts';
import { preparePrompt } from './prepare-prompt.ts';
import type { EngineRequest } from './prepare-prompt.ts';
import type { RequestTrace } from './request-trace.ts';

export type Generation = {
  readonly service: LiveService;
  readonly dispatch: Dispatch;
  readonly request: GenerateRequest;
  readonly sink: AnswerSink;
  readonly signal: AbortSignal;
  readonly trace: RequestTrace;
};

/**
 * Takes a place, streams into the sink, and gives the place back whatever happens: at the end, on an error, and when the signal aborts.
 * Resolves after the sink got a delta with a finish reason. Rejects with LlmOpsErrors, and with the signal's reason when it aborts.
 */
export async function generate(generation: Generation): Promise<void> {
  const { service, dispatch, request, signal, trace } = generation;
  checkModel(service, request);
  const version = service.chooseVersion();
  trace.version = version.name;
  await dispatch.refuseIfFull({ service, version });
  checkInputLength(request.input, service.limits.promptCharacters);
  const early = await prepare({ service, request, signal, version });
  // Who asks for what there is not waits for nothing.
  assertEchoable(early.prompt, request);
  const { prompt } = early;
  const admission = await dispatch.admit({ service, version }, { prompt, signal, trace });
  try {
    const now = admission.version;
    // The configuration may have changed meanwhile: an engine gets no prompt but that of its own template.
    const prepared = isRenderedAlike(now, version)
      ? early
      : await prepare({ service, request, signal, version: now });
    await answer(generation, admission, prepared);
  } finally {
    admission.giveBack();
  }
}

async function answer(
  { service, request, sink, signal, trace }: Generation,
  admission: Admission,
  prepared: EngineRequest,
): Promise<void> {
  const { stop } = prepared.sampling;
  const tap = new AnswerTap({ sink, echo: echoOf(prepared.prompt, request), stop, trace });
  try {
    await answerFromReplica({ service, admission, request: prepared, tap, signal, trace });
  } catch (error) {
    // What was held back for a stop string is text after all.
    if (tap.hasPushed) tap.flush();
    throw error;
  }
}

async function prepare({
  service,
  request,
  signal,
  version,
}: Pick<Generation, 'service' | 'request' | 'signal'> & {
  readonly version: LiveVersion;
}): Promise<EngineRequest> {
  const { chatRenderer, limits } = service;
  const prepared = await preparePrompt(request, { ...version, chatRenderer, signal });
  checkPromptLength(prepared.prompt, limits.promptCharacters);
  return prepared;
}

function isRenderedAlike(a: LiveVersion, b: LiveVersion): boolean {
  if (a === b) return true;
  return a.allowControlTokens === b.allowControlTokens && isDeepStrictEqual(a.template, b.template);
}

/** The service's own name is the only model here: the client's word never chooses a template. */
function checkModel(service: LiveService, request: GenerateRequest): void {
  const asked = request.modelIdentifier;
  if (asked === null || asked === service.name) return;
  throw new LlmOpsError(
    'model_mismatch',
    `model_identifier is "${asked}", but this address serves "${service.name}"`,
    { param: 'model_identifier', details: { service: service.name } },
  );
}

/** FastChat's default is to echo; a conversation that the engine renders has no text that we could echo. */
function echoOf(prompt: Prompt, request: GenerateRequest): string {
  assertEchoable(prompt, request);
  return request.echo !== false && prompt.kind === 'text' ? prompt.text : '';
}

function assertEchoable(prompt: Prompt, { echo }: GenerateRequest): void {
  if (echo !== true || prompt.kind === 'text') return;
  throw new LlmOpsError(
    'invalid_request',
    'echo: this service has no conversation template, so the prompt is only known to its engine',
    { param: 'echo' },
  );
}
