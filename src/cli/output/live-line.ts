/** One line of a terminal that changes until its work has ended. */
import { Listr } from 'listr2';

import { liveOptions } from './live-renderer.ts';

export type LiveLine = {
  readonly show: (text: string) => void;
  /** Leaves the line as it is: as done, or as given up. */
  readonly end: (isDone: boolean) => Promise<void>;
};

// Narrower ones, and those that do not know their width, would break every line.
const NARROWEST_COLUMNS = 40;

/** null: the terminal cannot show one, or nobody is looking. */
export function startLiveLine(progress: NodeJS.WriteStream | null, text: string): LiveLine | null {
  if (progress === null || progress.columns < NARROWEST_COLUMNS) return null;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let shown = text;
  let redraw = (): void => undefined;
  const task = async (
    _: unknown,
    line: { title: string; skip(message: string): void },
  ): Promise<void> => {
    redraw = () => void (line.title = shown);
    redraw();
    if (!(await promise)) line.skip(shown);
  };
  const listr = new Listr([{ title: text, task }], liveOptions(progress));
  const running = listr.run();
  return {
    show: (next) => {
      shown = next;
      redraw();
    },
    end: async (isDone) => {
      resolve(isDone);
      await running;
    },
  };
}
