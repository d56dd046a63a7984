/** An engine as data: how it is started and killed, what it says of itself, and where it keeps an obligation in its own way. */
import type { EngineKind } from '../../../src/config/worker-config.ts';

/** The columns of the table in the documentation. */
export const COLUMNS = ['simulator', 'built-in llama.cpp', 'llama-server', 'vLLM'] as const;
export type Column = (typeof COLUMNS)[number];

export type EngineUnderTest = {
  readonly column: Column;
  /** Whether the suite of vLLM's own API is for it. */
  readonly speaks: 'vLLM’s API' | 'its own API';
  /** Resolves when the engine is ready. */
  readonly start: () => Promise<RunningEngine>;
  /** The ways in which it can die in the middle of an answer. Each gets an engine of its own. */
  readonly deaths: readonly Death[];
  /** Obligations that it does not keep, by their names, each with the reason. The suite demands that it does not keep them. */
  readonly deviations: Deviations;
};

export type Deviations = Readonly<Record<string, string>>;

export type Death = {
  readonly name: string;
  /** Before the answer begins, where the engine itself can be told when to die. */
  readonly arm?: (engine: RunningEngine) => Promise<void>;
  /** In the middle of the answer. */
  readonly kill?: (engine: RunningEngine) => Promise<void>;
};

export type RunningEngine = {
  /** Without a trailing slash. */
  readonly url: string;
  /** Which API the worker is told that it speaks. */
  readonly kind: EngineKind;
  readonly model: string;
  /** Tokens of prompt and answer together. */
  readonly contextLength: number;
  /** By the engine's own metrics. */
  readonly load: () => Promise<EngineLoad>;
  /** The engine's own tokenizer, without special tokens that the text does not have. */
  readonly tokenIds: (text: string) => Promise<readonly number[]>;
  readonly textOf: (tokenIds: readonly number[]) => Promise<string>;
  /** Tokens of a conversation, as the engine renders it for an answer. */
  readonly chatTokens: (
    messages: readonly { readonly role: string; readonly content: string }[],
  ) => Promise<number>;
  /** The process that `kill` is for; null: a container. */
  readonly pid: number | null;
  readonly stop: () => Promise<void>;
};

export type EngineLoad = {
  /** Requests that are generating at this moment. */
  readonly running: number;
  /** Tokens generated since the start; those of answers that were left may be missing. */
  readonly generatedTokens: number;
};
