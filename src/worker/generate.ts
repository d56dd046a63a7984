/** One generation, from the parsed request to a reply's sink: place, replica, prompt, engine. Knows nothing of HTTP replies. */
import type { DeltaSink, Prompt } from '../engines/engine.ts';
import { LlmOpsError } from '../errors.ts';
import { admit } from './admission/admit.ts';
import { AnswerTap } from './answer-tap.ts';
import { answerFromReplica } from './balance/answer-from-replica.ts';
import type { GenerateRequest } from './generate-request.ts';
import type { LiveService } from './live-service.ts';
import { preparePrompt } from './prepare-prompt.ts';
import type { RequestTrace } from './request-trace.ts';

export type Generation = {
  readonly service: LiveService;
  readonly request: GenerateRequest;
  readonly sink: DeltaSink;
  readonly signal: AbortSignal;
  readonly trace: RequestTrace;
};

/**
 * Takes a place, streams into the sink, and gives the place back whatever happens: at the end, on an error, and when the signal aborts.
 * Resolves after the sink got a delta with a finish reason. Rejects with LlmOpsErrors, and with the signal's reason when it aborts.
 */
export async function generate({
  service,
  request,
  sink,
  signal,
  trace,
}: Generation): Promise<void> {
  checkModel(service, request);
  const version = service.chooseVersion();
  trace.version = version.name;
  const { chatRenderer } = service;
  const prepared = await preparePrompt(request, { ...version, chatRenderer, signal });
  const tap = new AnswerTap({
    sink,
    echo: echoOf(prepared.prompt, request),
    stop: prepared.sampling.stop,
    trace,
  });
  const giveBack = await admit(version, { signal, trace });
  try {
    await answerFromReplica({ service, version, request: prepared, tap, signal, trace });
  } catch (error) {
    // What was held back for a stop string is text after all.
    if (tap.hasPushed) tap.flush();
    throw error;
  } finally {
    giveBack();
  }
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
  if (request.echo === false) return '';
  if (prompt.kind === 'text') return prompt.text;
  if (request.echo === null) return '';
  throw new LlmOpsError(
    'invalid_request',
    'echo: this service has no conversation template, so the prompt is only known to its engine',
    { param: 'echo' },
  );
}
