/** One request for text to a worker, from its sending to its end, and what its client saw. */
import { askRaw, type RawEnd, type RawReply } from './raw-client.ts';
import { askFor, createSplitter, type Form, type Frame, parseFrame } from './frames.ts';

export type GenerationRequest = {
  readonly port: number;
  /** Before `/worker_generate`: `/api`, or `/api/<service>` of a gateway. */
  readonly prefix?: string;
  /** whole: `worker_generate`, the answer in one piece. */
  readonly form: Form | 'whole';
  /** Fields of the body; `echo` is false unless it is said. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Called for each frame, before it is looked at, with the time at which it was read. */
  readonly onFrame?: (json: Buffer, atMs: number) => void;
};

export type Outcome = {
  /** 0: nothing came. */
  readonly status: number;
  readonly end: RawEnd;
  /** As far as it came. */
  readonly text: string;
  readonly finishReason: string | null;
  /** FastChat's number; 0: no error. */
  readonly errorCode: number;
  /** What the error says; empty: there was none. */
  readonly errorText: string;
  readonly frames: number;
  readonly wireBytes: number;
  /** `performance.now()` at its end. */
  readonly endedMs: number;
};

export type Generation = {
  readonly outcome: Promise<Outcome>;
  readonly reply: RawReply;
};

/**
 * Sends it. A cumulative stream is looked at only at its end, so that its client costs little; the parts of a delta stream are all needed.
 * A client that leaves has no outcome.
 */
export function startGeneration(request: GenerationRequest): Generation {
  const { port, prefix = '/api', form, body, onFrame } = request;
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  const { fields, headers } = form === 'whole' ? { fields: {}, headers: {} } : askFor(form);
  const parts: Buffer[] = [];
  const seen = createWitness(form);
  let status = 0;
  const split = createSplitter(form === 'whole' ? 'cumulative' : form, (json) => {
    onFrame?.(json, performance.now());
    seen.take(json);
  });
  const reply = askRaw(
    {
      port,
      path: `${prefix}/worker_generate${form === 'whole' ? '' : '_stream'}`,
      body: { echo: false, ...fields, ...body },
      headers,
    },
    {
      onHead: (code) => (status = code),
      onBody: (bytes) => {
        // A refusal is one JSON object, whatever was asked for.
        if (form === 'whole' || status !== 200) parts.push(bytes);
        else split(bytes);
      },
      onEnd: (end) => {
        if (parts.length > 0) seen.take(Buffer.concat(parts));
        const endedMs = performance.now();
        resolve({ status, end, ...seen.said(), wireBytes: reply.wireBytes(), endedMs });
      },
    },
  );
  return { outcome, reply };
}

/** Like `startGeneration`, for who only wants to know how it ended. */
export function generate(request: GenerationRequest): Promise<Outcome> {
  return startGeneration(request).outcome;
}

type Said = Pick<Outcome, 'text' | 'finishReason' | 'errorCode' | 'errorText' | 'frames'>;

function createWitness(form: GenerationRequest['form']): {
  take: (json: Buffer) => void;
  said: () => Said;
} {
  let frames = 0;
  let text = '';
  let last: Buffer | null = null;
  let errorText = '';
  let lastFrame: Partial<Frame> = {};
  const look = (json: Buffer): void => {
    const frame = parse(json);
    if (frame === null) return;
    lastFrame = frame;
    // An error's text is a message, no part of the answer.
    if (frame.error_code !== 0) errorText = frame.error_message ?? frame.text;
    else text = form === 'delta' ? text + frame.text : frame.text;
  };
  return {
    take: (json) => {
      frames += 1;
      if (form === 'delta') look(json);
      else last = json;
    },
    said: () => {
      if (last !== null) look(last);
      const { finish_reason: finishReason = null, error_code: errorCode = 0 } = lastFrame;
      return { text, finishReason, errorCode, errorText, frames };
    },
  };
}

/** Half a frame, as a cut leaves it, says nothing. */
function parse(json: Buffer): Frame | null {
  try {
    return parseFrame(json);
  } catch {
    return null;
  }
}

/** An answer that ended as it should. */
export function isWhole({ status, end, finishReason, errorCode }: Outcome): boolean {
  return status === 200 && end === 'complete' && finishReason !== null && errorCode === 0;
}

/** In one line, for who has to find out what went wrong. */
export function describeOutcome({ text, ...rest }: Outcome): string {
  return JSON.stringify({ ...rest, characters: text.length });
}
