/** What FastChat's worker API costs as FastChat's own worker speaks it: the whole text again with each token. */

export type NaiveAnswer = {
  /** The text of each token, in their order. */
  readonly tokens: readonly string[];
  readonly promptTokens: number;
};

/**
 * Bytes of one cumulative frame for each token, in our own envelope (JSON in ASCII, ended by NUL) and in HTTP's chunked encoding, one
 * chunk a frame. The head of the reply is left out. By lengths alone: the frames themselves would be megabytes.
 */
export function naiveBytes({ tokens, promptTokens }: NaiveAnswer): number {
  let textBytes = 0;
  let sum = LAST_CHUNK_BYTES;
  tokens.forEach((token, at) => {
    textBytes += escapedBytes(token);
    const isLast = at + 1 === tokens.length;
    const bytes = textBytes + envelopeBytes({ promptTokens, completionTokens: at + 1, isLast });
    sum += bytes + chunkFramingBytes(bytes);
  });
  return sum;
}

/** `0`, and two line ends. */
const LAST_CHUNK_BYTES = 5;

/** Around a chunk: its length in hexadecimal digits, and two line ends. */
function chunkFramingBytes(bytes: number): number {
  return bytes.toString(16).length + 4;
}

type Envelope = {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly isLast: boolean;
};

/** Everything in a frame but its text. */
function envelopeBytes({ promptTokens, completionTokens, isLast }: Envelope): number {
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  const frame = { text: '', error_code: 0, usage, finish_reason: isLast ? 'stop' : null };
  return JSON.stringify(frame).length + 1;
}

/** Of a text inside a JSON string. Each UTF-16 unit beyond ASCII takes the six characters of its escape. */
function escapedBytes(text: string): number {
  const json = JSON.stringify(text);
  return json.length - 2 + 5 * (json.match(/[\u007f-\uffff]/g)?.length ?? 0);
}
