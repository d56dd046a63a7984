/** Finds the lines of a log that say why its program ended. Pure. */
import { type LogMessage, readLogLine } from './log-line.ts';

/** The last line of a Python traceback or of a stack of Node's: `ValueError: …`, `torch.OutOfMemoryError: CUDA out of memory. …`. */
const EXCEPTION = /^(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Interrupt)(?::|$)/;

/** A command line that a program did not take (Python's argparse: `vllm: error: …`), and C++ giving up. */
const REFUSAL = /^(?:[\w./-]+: )?error: |^terminate called after throwing/;

/** Exceptions that only say that something else went wrong before them. */
const ECHO =
  /(root cause|stack trace) (above|\(above\))|\(above\) for the root cause|EngineDeadError|EngineGenerateError|^(?:\w+\.)*(BrokenPipeError|EOFError|ConnectionResetError|CancelledError|KeyboardInterrupt)\b/;

/** What llama.cpp's server says last when it could not load its model; the first of its errors before that is the reason. */
const LLAMA_GAVE_UP = /exiting due to/;
const LLAMA_BEGAN = /llama_server: initializing|^system_info: /;

/** Begins something else, where a message of several lines would otherwise go on. */
const NOT_PART_OF_IT =
  /^(Traceback|The above exception|During handling|Process |usage: |\[|[A-Z]+: )/;

const MOST_LINES = 4;

/**
 * The message of the last error that is no mere consequence of another one, without its traceback and without the logger's prefixes: one
 * line, or a few. Empty when no line reads like one. `lines`: the end of a log, oldest first.
 */
export function findCause(lines: readonly string[]): readonly string[] {
  const messages = lines.map(readLogLine);
  const errors = messages.flatMap(({ text }, at) =>
    EXCEPTION.test(text) || REFUSAL.test(text) ? [at] : [],
  );
  const found =
    errors.findLast((at) => !ECHO.test(messages[at]?.text ?? '')) ??
    findLlamaError(messages) ??
    errors.at(-1);
  return found === undefined ? [] : wholeMessage(messages, found);
}

function findLlamaError(messages: readonly LogMessage[]): number | undefined {
  const end = messages.findLastIndex(({ text }) => LLAMA_GAVE_UP.test(text));
  if (end < 0) return undefined;
  const start = messages.findLastIndex(({ text }, at) => at < end && LLAMA_BEGAN.test(text));
  const first = messages.findIndex(({ isError }, at) => at > start && at < end && isError);
  return first < 0 ? end : first;
}

/** The line with those that belong to its message: of the same record, or printed just as plainly. */
function wholeMessage(messages: readonly LogMessage[], at: number): readonly string[] {
  const [first, ...rest] = messages.slice(at, at + MOST_LINES);
  if (first === undefined) return [];
  const texts = [first.text];
  for (const { head, text } of rest) {
    if (head !== first.head || text === '' || NOT_PART_OF_IT.test(text)) break;
    texts.push(text.trim());
  }
  return texts;
}
