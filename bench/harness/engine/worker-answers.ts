/** The bytes of a FastChat worker: what its controller and its OpenAI server ask, with the answers of the same tokens. */
import {
  answerText,
  chunkFrame,
  CONTEXT_LENGTH,
  ENGINE_MODEL,
  jsonReply,
  type StreamBytes,
  STREAM_HEAD,
  usageOf,
} from './answers.ts';

/** Frames of `worker_generate_stream`: all text so far in each, ended by NUL. Without an opening. */
export function workerStreamBytes(count: number): StreamBytes {
  const piece = (to: number): string =>
    chunkFrame(`${JSON.stringify(frameOf(to, count))}\0`) + (to === count ? '0\r\n\r\n' : '');
  return {
    head: Buffer.from(STREAM_HEAD),
    opening: Buffer.alloc(0),
    tokens: Array.from({ length: count }, (_, at) => Buffer.from(piece(at + 1))),
    whole: Buffer.from(STREAM_HEAD + piece(count)),
    until: (token) => Buffer.from(piece(token + 1)),
  };
}

/** `worker_generate`: the last frame, as a JSON body. */
export function workerPlainBytes(count: number): Buffer {
  return jsonReply(200, frameOf(count, count));
}

function frameOf(to: number, count: number): object {
  return {
    text: answerText(to),
    error_code: 0,
    usage: usageOf(to),
    finish_reason: to === count ? 'stop' : null,
  };
}

/** What is asked besides, by path. A template without a style of its own: `one_shot` as FastChat writes it. */
export const WORKER_REPLIES: ReadonlyMap<string, Buffer> = new Map([
  [
    '/worker_get_status',
    jsonReply(200, { model_names: [ENGINE_MODEL], speed: 1, queue_length: 0 }),
  ],
  ['/model_details', jsonReply(200, { context_length: CONTEXT_LENGTH })],
  ['/count_token', jsonReply(200, { count: 40, error_code: 0 })],
  [
    '/worker_get_conv_template',
    jsonReply(200, {
      conv: {
        name: 'bench',
        system_template: '{system_message}',
        system_message: '',
        roles: ['Human', 'Assistant'],
        messages: [],
        offset: 0,
        // SeparatorStyle.ADD_COLON_SINGLE
        sep_style: 1,
        sep: '\n### ',
        sep2: null,
        stop_str: '###',
        stop_token_ids: null,
      },
    }),
  ],
]);
