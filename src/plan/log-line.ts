/** One line of an engine's log, without what its logger puts before each message. Pure. */

export type LogMessage = {
  /** Which process, level, time and place: alike for all lines of one record. Empty where a program printed without its logger. */
  readonly head: string;
  readonly isError: boolean;
  readonly text: string;
};

/** vLLM's: `(EngineCore pid=24) ERROR 11-21 12:12:47 [core.py:1510] …`, one name for each process around; either half may be missing. */
const VLLM =
  /^(?:\([^()]+ pid=\d+\) ?)*(?:(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d [\d:.]+ \[[^\]]*\] ?)?/;

/** llama.cpp's: minutes, seconds, milliseconds, microseconds, and the level's letter: `0.00.243.980 I …`. */
const LLAMA_CPP = /^\d+\.\d\d\.\d{3}\.\d{3} (?<level>[DIWE]) /;

/** What colours a terminal's text or clears the rest of a line. */
// eslint-disable-next-line no-control-regex
const CONTROL = /\u001B\[[\d;?]*[A-Za-z]/g;

/** A progress bar is drawn again after each carriage return: what a terminal would show at the end is what counts. */
export function readLogLine(line: string): LogMessage {
  const shown =
    line
      .replaceAll(CONTROL, '')
      .split('\r')
      .findLast((part) => part.trim() !== '') ?? '';
  const found = LLAMA_CPP.exec(shown) ?? VLLM.exec(shown);
  const head = found?.[0] ?? '';
  const level = found?.groups?.['level'];
  return {
    head,
    isError: level === 'ERROR' || level === 'CRITICAL' || level === 'E',
    text: shown.slice(head.length).trimEnd(),
  };
}
