import { LlmOpsError } from '../../../errors.ts';

export type FailureFacts = {
  /** The model's file. */
  readonly path: string;
  /** What llama.cpp logged meanwhile, warnings and errors: it knows more than the library's error does. */
  readonly lines: readonly string[];
};

/** As llama.cpp 0.5 begins the line that has the reason. */
const REASON = /error loading model: (?:llama_model_loader: )?(.+)/;

/** Why a model could not be loaded, in the words of whoever started it: `start_failed`. */
export function explainFailure(error: unknown, { path, lines }: FailureFacts): LlmOpsError {
  if (error instanceof LlmOpsError) return error;
  const said = error instanceof Error ? error.message : String(error);
  // The library's class, which the prototype's name tells without importing it.
  if (error instanceof Error && error.constructor.name === 'InsufficientMemoryError') {
    return new LlmOpsError('start_failed', `There is too little memory for ${path}: ${said}.`, {
      hint: 'Take fewer slots (--parallel), a shorter context (--ctx-size), or a smaller quantization.',
      cause: error,
    });
  }
  const reason = lines.map((line) => REASON.exec(line)?.[1]).find((found) => found !== undefined);
  return new LlmOpsError('start_failed', `llama.cpp cannot load ${path}: ${reason ?? said}.`, {
    cause: error,
  });
}
