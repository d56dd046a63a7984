/** One generation, from the parsed request to a stream of progress: place, replica, prompt, engine. Knows nothing of HTTP replies. */
import type { Prompt, Usage, FinishReason } from '../engines/engine.ts';
import { LlmOpsError } from '../errors.ts';
import type { GenerateRequest } from './generate-request.ts';
import type { LiveService } from './live-service.ts';
import { preparePrompt } from './prepare-prompt.ts';

export type Progress = {
  /** New text since the last progress. With `echo`, the first one has the prompt. */
  readonly text: string;
  readonly usage: Usage | null;
  /** Set on the last progress. */
  readonly finishReason: FinishReason | null;
};

/**
 * Takes a place, streams, and gives the place back whatever happens: at the end, on an error, when the signal aborts, and when the
 * consumer leaves the loop.
 * Throws LlmOpsErrors, and the signal's reason when it aborts.
 */
export async function* generate(
  service: LiveService,
  request: GenerateRequest,
  signal: AbortSignal,
): AsyncGenerator<Progress> {
  checkModel(service, request);
  const version = service.chooseVersion();
  const { chatRenderer } = service;
  const { prompt, sampling } = await preparePrompt(request, { ...version, chatRenderer, signal });
  const echo = echoOf(prompt, request);
  const giveBack = await version.slots.take(signal);
  try {
    const replica = await service.chooseReplica(version);
    const leave = replica.enter();
    try {
      let prefix = echo;
      for await (const delta of replica.engine.generate(prompt, sampling, signal)) {
        yield prefix === '' ? delta : { ...delta, text: prefix + delta.text };
        prefix = '';
      }
    } catch (error) {
      throw await service.explain(replica, error);
    } finally {
      leave();
    }
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
