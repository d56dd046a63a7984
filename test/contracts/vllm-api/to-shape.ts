/** A reply → what two engines with different models and tokenizers can have in common: status, fields, order, words. Pure. */
import type { HttpReply } from '../../worker/worker-harness.ts';
import type { Known } from './api-case.ts';

export type Shape = {
  readonly status: number;
  /** Without parameters such as the charset; null: none was sent. */
  readonly contentType: string | null;
  /** JSON with the values that depend on the model as `<kind>`; the events of a stream, a run of equal ones as one. */
  readonly body: unknown;
};

/** `withFillers`: also the fields that say nothing, of which each version of vLLM adds some. */
export function toShape(reply: HttpReply, known: Known, { withFillers = false } = {}): Shape {
  const contentType = reply.headers['content-type']?.split(';')[0] ?? null;
  const outline = new Outline(known, withFillers);
  return { status: reply.status, contentType, body: outline.ofBody(reply.text, contentType) };
}

/** What the model, the tokenizer or the moment decides. */
const FREE_TEXTS = new Set(['text', 'content', 'prompt', 'version', 'root', 'system_fingerprint']);
const FREE_LISTS = new Set(['tokens', 'token_ids', 'prompt_token_ids', 'token_strs', 'bytes']);
/** Numbers that are part of the protocol. */
const FIXED_NUMBERS = new Set(['index', 'code']);
/** Fields whose null is a statement that clients read. */
const SPOKEN_NULLS = new Set(['finish_reason', 'logprobs', 'param', 'parent', 'content']);

class Outline {
  readonly #known: Known;
  readonly #withFillers: boolean;

  constructor(known: Known, withFillers: boolean) {
    this.#known = known;
    this.#withFillers = withFillers;
  }

  ofBody(text: string, contentType: string | null): unknown {
    if (contentType === 'text/event-stream')
      return withoutRepeats(inChoiceOrder(this.#ofEvents(text)));
    if (text === '') return '';
    try {
      return this.#ofValue('', JSON.parse(text));
    } catch {
      return '<text>';
    }
  }

  /** A frame that is not `data: <JSON>` stands as it is, so that it shows. */
  #ofEvents(text: string): readonly unknown[] {
    const frames = text.split('\n\n');
    const end = frames.pop() === '' ? [] : ['<cut off>'];
    const events = frames.map((frame) => {
      const data = frame.replace(/^data: /, '');
      return data.startsWith('{') ? this.#ofValue('', JSON.parse(data)) : frame;
    });
    return [...events, ...end];
  }

  #ofValue(key: string, value: unknown): unknown {
    if (value === null || typeof value === 'boolean') return value;
    if (key === 'stop_reason') return this.#ofStopReason(value);
    if (key === 'id' && typeof value === 'string') return value.replace(/-.*/, '-<id>');
    if (key === 'top_logprobs') return '<log probabilities>';
    if (key === 'param' && typeof value === 'string') return ofParam(value);
    if (key === 'max_model_len' && value === this.#known.contextLength)
      return '<the context’s length>';
    if (typeof value === 'number') return FIXED_NUMBERS.has(key) ? value : '<number>';
    if (typeof value === 'string') return ofText(key, value);
    if (Array.isArray(value)) return this.#ofList(key, value);
    const entries = Object.entries(value as Readonly<Record<string, unknown>>);
    return Object.fromEntries(
      entries
        .filter(([name, each]) => this.#withFillers || !isFiller(name, each))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, each]) => [name, this.#ofValue(name, each)]),
    );
  }

  #ofStopReason(value: unknown): unknown {
    if (value === this.#known.stop) return '<the stop string>';
    return value === this.#known.stopTokenId ? '<the stop token id>' : value;
  }

  #ofList(key: string, values: readonly unknown[]): unknown {
    if (!FREE_LISTS.has(key)) return withoutRepeats(values.map((each) => this.#ofValue('', each)));
    return values.length === 0 ? [] : `<list of ${typeof values[0]}s>`;
  }
}

function isFiller(name: string, value: unknown): boolean {
  return name === 'system_fingerprint' || (value === null && !SPOKEN_NULLS.has(name));
}

/** Counts in messages depend on the tokenizer; a validator's list of problems is its library's own. */
function ofText(key: string, value: string): string {
  if (FREE_TEXTS.has(key) || key === 'token') return '<text>';
  if (key !== 'message') return value;
  const isList = /^\d+ validation errors?\b/.test(value);
  return isList ? '<validation errors>' : value.replace(/\d+(\.\d+)?/g, 'N');
}

/** The validator names the alternatives that it tried (`messages.0.ChatCompletionUserMessageParam.content`): its own inside. */
function ofParam(param: string): string {
  return param
    .split('.')
    .filter((part) => !/^[A-Z]/.test(part))
    .join('.');
}

/** Answers to several prompts come in turns that nobody promises: one after the other here, and what is of none of them last. */
function inChoiceOrder(events: readonly unknown[]): readonly unknown[] {
  return events.toSorted((a, b) => choiceIndexOf(a) - choiceIndexOf(b));
}

function choiceIndexOf(event: unknown): number {
  const { choices } = (event ?? {}) as {
    readonly choices?: readonly { readonly index?: number }[];
  };
  return choices?.[0]?.index ?? Number.MAX_SAFE_INTEGER;
}

/** How many events there are depends on how the tokens come, so a run of equal ones counts once. */
function withoutRepeats(values: readonly unknown[]): readonly unknown[] {
  const texts = values.map((value) => JSON.stringify(value));
  return values.filter((_, at) => at === 0 || texts[at] !== texts[at - 1]);
}
