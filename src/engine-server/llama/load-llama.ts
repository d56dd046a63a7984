import { setTimeout as sleep } from 'node:timers/promises';

import { type ChatTemplate, createChatTemplate } from './chat-template.ts';
import { createPieceSize, type PieceSize } from './generation/evaluate-prompt.ts';
import { type Closable, createIdleUnload, type IdleUnload } from './idle-unload.ts';
import { checkGguf } from './native/check-gguf.ts';
import { explainFailure } from './native/explain-failure.ts';
import type { LlamaPackage, NativeModel } from './native/package-api.ts';
import { startLlama } from './native/start-llama.ts';
import { type OpenModel, openModel } from './open-model.ts';
import type { LlamaServerOptions } from './options.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';

export type LoadLlamaInput = {
  readonly options: Omit<LlamaServerOptions, 'package' | 'host' | 'port'>;
  readonly openPackage: () => Promise<LlamaPackage>;
  readonly signal: AbortSignal;
  /** What it does, a short phrase each; also when it loads again. */
  readonly tell: (progress: string) => void;
  /** llama.cpp's warnings and errors, a line each. */
  readonly warn: (line: string) => void;
};

const LOG_DELAY_MS = 200;
const LOG_LINES = 100;

/** llama.cpp with a model, from its first loading to the end. */
export type LoadedLlama = Closable & {
  readonly native: LlamaPackage;
  readonly weights: IdleUnload<OpenModel>;
  /** Always there. */
  readonly vocabulary: Vocabulary;
  readonly chatTemplate: ChatTemplate;
  readonly pieceSize: PieceSize;
  /** Tokens of one slot. */
  readonly contextLength: number;
};

/** Throws `engine_missing`, `model_not_found`, `model_corrupt`, `start_failed`, or what the signal aborts with. */
export async function loadLlama(input: LoadLlamaInput): Promise<LoadedLlama> {
  const { options, signal, tell } = input;
  await checkGguf(options.model);
  const native = await input.openPackage();
  await using stack = new AsyncDisposableStack();
  let lines: string[] = [];
  const onLine = (line: string) => {
    lines = [...lines.slice(-LOG_LINES), line];
    input.warn(line);
  };
  const llama = stack.adopt(await startLlama(native, { onLine }), (it) => it.dispose());
  const weights = createIdleUnload({
    idleMs: options.sleepIdleMs,
    onUnload: () => tell('nobody asks: the memory is given back'),
    open: async (closing) => {
      lines = [];
      try {
        const input = { ...options, path: options.model, llama, signal: closing, tell };
        const opened = await openModel(input);
        tell('the model is loaded');
        return opened;
      } catch (error) {
        // The log comes from another thread, later than the error.
        await sleep(LOG_DELAY_MS);
        throw explainFailure(error, { path: options.model, lines });
      }
    },
  });
  stack.defer(() => weights.close());
  const { model, contextLength } = await weights.acquire(signal);
  const readable = options.sleepIdleMs === null ? model : await loadVocabulary();
  weights.release();
  const all = stack.move();
  return {
    native,
    weights,
    vocabulary: createVocabulary(readable),
    chatTemplate: toChatTemplate(readable),
    pieceSize: createPieceSize(options.batchSize),
    contextLength,
    close: () => all.disposeAsync(),
  };

  /** Stays when the weights go. */
  async function loadVocabulary(): Promise<NativeModel> {
    const request = { modelPath: options.model, vocabOnly: true, loadSignal: signal };
    return stack.adopt(await llama.loadModel(request), (it) => it.dispose());
  }
}

function toChatTemplate({ fileInfo, tokens }: NativeModel): ChatTemplate {
  return createChatTemplate({
    source: fileInfo.metadata.tokenizer?.chat_template,
    beginToken: tokens.bosString,
    endToken: tokens.eosString,
  });
}
