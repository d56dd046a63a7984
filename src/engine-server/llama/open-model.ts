import { LlmOpsError } from '../../errors.ts';
import type { Llama, NativeModel, Sequence } from './native/package-api.ts';
import type { Closable } from './idle-unload.ts';
import { ORDINARY_CONTEXT } from './options.ts';
import { createSlots, type Slots } from './generation/slots.ts';
import { createTurnstile, type Turnstile } from './generation/turnstile.ts';

export type OpenModelInput = {
  readonly llama: Llama;
  readonly path: string;
  /** Tokens of all slots together; 0: the model's own context for each; undefined: that, within reason. */
  readonly ctxSize?: number | undefined;
  readonly parallel: number;
  readonly threads: number;
  readonly batchSize: number;
  readonly signal: AbortSignal;
  readonly tell: (progress: string) => void;
};

/** A model in memory with its context, ready to generate. */
export type OpenModel = Closable & {
  readonly model: NativeModel;
  readonly slots: Slots;
  readonly turnstile: Turnstile;
  /** Tokens of one slot. */
  readonly contextLength: number;
};

/** Loads the weights and reserves the memory of all slots. Rejects with what the library says; leaves nothing behind then. */
export async function openModel(input: OpenModelInput): Promise<OpenModel> {
  const { parallel, threads, batchSize, signal, tell } = input;
  const model = await loadWeights(input);
  try {
    tell('warming up');
    const contextLength = slotLength(input, model.trainContextSize);
    const context = await model.createContext({
      contextSize: contextLength,
      sequences: parallel,
      batchSize: Math.min(batchSize, contextLength * parallel),
      threads,
      createSignal: signal,
      failedCreationRemedy: false,
    });
    const sequences = Array.from({ length: parallel }, () =>
      context.getSequence({ contextShift: { strategy: refuseToShift } }),
    );
    await warmUp(model, sequences);
    const close = async () => {
      await context.dispose();
      await model.dispose();
    };
    const slots = createSlots(sequences);
    return { model, contextLength, slots, turnstile: createTurnstile(), close };
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

async function loadWeights({ llama, path, signal, tell }: OpenModelInput): Promise<NativeModel> {
  tell('loading the model');
  let told = 0;
  let isLoaded = false;
  const model = await llama.loadModel({
    modelPath: path,
    loadSignal: signal,
    onLoadProgress(progress) {
      const percent = Math.floor(progress * 10) * 10;
      // The news come from another thread, and with a small model later than its end.
      if (percent <= told || isLoaded) return;
      told = percent;
      tell(`loading the model, ${percent} %`);
    },
  });
  isLoaded = true;
  return model;
}

/** Throws `usage` when the slots share less than anything can be said in. */
function slotLength({ ctxSize, parallel }: OpenModelInput, trained: number): number {
  if (ctxSize === undefined) return Math.min(trained, ORDINARY_CONTEXT);
  if (ctxSize === 0) return trained;
  const length = Math.floor(ctxSize / parallel);
  if (length >= 2) return length;
  throw new LlmOpsError('usage', `--ctx-size ${ctxSize} is too little for ${parallel} slots.`);
}

/** Requests that do not fit are refused before they come here, so nothing of a conversation is ever dropped. */
function refuseToShift(): never {
  throw new Error('the slot is full');
}

/** Computes one token: this is when the operating system really reads the file. */
async function warmUp(model: NativeModel, [slot]: readonly Sequence[]): Promise<void> {
  await slot?.evaluateWithoutGeneratingNewTokens([model.tokens.bos ?? 0]);
  await slot?.clearHistory();
}
