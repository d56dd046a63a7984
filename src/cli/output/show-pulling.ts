/** The display of models that are fetched: a live line on a terminal; elsewhere a line now and then. */
import type { PullProgress } from '../../models/model-store.ts';
import { type LiveLine, startLiveLine } from './live-line.ts';
import type { Terminal } from './terminal.ts';
import { measureTransfer, printTransfer } from './transfer-rate.ts';

export type PullDisplay = {
  /** `service`: for whom it is fetched; null: the user has asked for just this model. One after the other. */
  readonly onProgress: (service: string | null, progress: PullProgress) => void;
  /** Ends the display. Nothing was shown when nothing had to be fetched. */
  readonly end: (isWhole: boolean) => Promise<void>;
};

/** In a log more would be in the way. */
const PAUSE_MS = 10_000;

/** `now`: a clock in milliseconds that only goes forward; tests pass their own. */
export function showPulling(
  terminal: Terminal,
  now: () => number = () => performance.now(),
): PullDisplay {
  let current: { readonly service: string | null; readonly line: PullLine } | null = null;
  const ended: Promise<void>[] = [];
  return {
    onProgress: (service, progress) => {
      if (current === null || current.service !== service) {
        if (current !== null) ended.push(current.line.end(true));
        current = { service, line: openLine(terminal, { service, now }) };
      }
      current.line.show(progress);
    },
    end: async (isWhole) => {
      if (current !== null) ended.push(current.line.end(isWhole));
      current = null;
      await Promise.all(ended);
    },
  };
}

type PullLine = {
  readonly show: (progress: PullProgress) => void;
  readonly end: LiveLine['end'];
};

function openLine(
  terminal: Terminal,
  { service, now }: { readonly service: string | null; readonly now: () => number },
): PullLine {
  const measure = measureTransfer();
  const live = startLiveLine(terminal.progress, service ?? 'looking');
  let toldAtMs = -Infinity;
  let toldText = '';
  const tell = (line: string, { text, doneBytes, totalBytes }: PullProgress): void => {
    // Where nothing is counted, another text is news: it waits for somebody, it unpacks.
    const isNews = doneBytes === 0 && totalBytes === null && text !== toldText;
    if (!isNews && now() - toldAtMs < PAUSE_MS) return;
    toldAtMs = now();
    toldText = text;
    terminal.note(line);
  };
  return {
    show: (progress) => {
      const told = printTransfer(progress, measure(progress, now()));
      const line = service === null ? told : `${service}: ${told}`;
      if (live === null) tell(line, progress);
      else live.show(line);
    },
    end: async (isDone) => {
      if (isDone) live?.show(service === null ? 'fetched' : `${service}: fetched`);
      await live?.end(isDone);
    },
  };
}
