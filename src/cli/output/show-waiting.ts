/** The display of services that become ready: live, one line each, on a terminal; a line for each change elsewhere. */
import { Listr, type ListrDefaultRendererLogLevels, ListrLogger, ProcessOutput } from 'listr2';

import type { Readiness } from '../../control/ask-readiness.ts';
import type { Terminal } from './terminal.ts';

export type WaitingDisplay = {
  readonly onChange: (service: string, readiness: Readiness) => void;
  /** Ends the display; services that are not ready by now stay shown so. */
  readonly end: () => Promise<void>;
};

// Narrower ones, and those that do not know their width, would break every line.
const NARROWEST_COLUMNS = 40;

export function showWaiting(terminal: Terminal, services: readonly string[]): WaitingDisplay {
  const { progress } = terminal;
  return progress !== null && progress.columns >= NARROWEST_COLUMNS
    ? showLive(progress, services)
    : showLines(terminal);
}

/** A log is to stay readable while weights load, percent by percent. */
const DETAIL_EVERY_MS = 5_000;

type Shown = { readonly state: string; readonly atMs: number; readonly later?: NodeJS.Timeout };

/** Another state is told at once; another detail only some time after the line before, and then the latest one. */
function showLines(terminal: Terminal): WaitingDisplay {
  const shown = new Map<string, Shown>();
  const show = (service: string, readiness: Readiness): void => {
    shown.set(service, { state: readiness.state, atMs: Date.now() });
    terminal.note(`${service}: ${describe(readiness)}`);
  };
  const cancel = (service: string): void => clearTimeout(shown.get(service)?.later);
  return {
    onChange: (service, readiness) => {
      cancel(service);
      const before = shown.get(service);
      const waitMs = before === undefined ? 0 : before.atMs + DETAIL_EVERY_MS - Date.now();
      if (before?.state !== readiness.state || waitMs <= 0) {
        show(service, readiness);
        return;
      }
      const later = setTimeout(() => show(service, readiness), waitMs);
      shown.set(service, { ...before, later });
    },
    end: () => {
      for (const service of shown.keys()) cancel(service);
      return Promise.resolve();
    },
  };
}

type Line = {
  readonly finish: (isReady: boolean) => void;
  readonly finished: Promise<boolean>;
  show: (state: string) => void;
};

function showLive(progress: NodeJS.WriteStream, services: readonly string[]): WaitingDisplay {
  const lines = new Map(services.map((service) => [service, toLine()]));
  const tasks = [...lines].map(([service, line]) => ({
    title: service,
    task: async (_: unknown, task: { title: string; skip(message: string): void }) => {
      line.show = (state) => (task.title = `${service}: ${state}`);
      if (!(await line.finished)) task.skip(`${service} is not ready`);
    },
  }));
  // Everything goes where progress goes: the other side is for data.
  const logger = new ListrLogger<ListrDefaultRendererLogLevels>({
    processOutput: new ProcessOutput(progress, progress),
  });
  const listr = new Listr(tasks, {
    concurrent: true,
    // Ctrl-C is the verb's to handle: the stack that was started may stay, and the user is told.
    registerSignalListeners: false,
    // It is standard output that listr2 would ask.
    fallbackRendererCondition: false,
    rendererOptions: { logger },
  });
  const shown = listr.run();
  return {
    onChange: (service, readiness) => {
      const line = lines.get(service);
      line?.show(describe(readiness));
      if (readiness.isReady) line?.finish(true);
    },
    end: async () => {
      for (const line of lines.values()) line.finish(false);
      await shown;
    },
  };
}

function toLine(): Line {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  return { finish: resolve, finished: promise, show: () => undefined };
}

function describe({ state, detail }: Readiness): string {
  return detail === '' || detail === state ? state : `${state} (${detail})`;
}
