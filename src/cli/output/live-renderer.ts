/** How the progress library draws on the side where progress goes. */
import {
  DefaultRenderer,
  type ListrDefaultRendererLogLevels,
  ListrLogger,
  ProcessOutput,
} from 'listr2';

// It would ask standard output whether it is a terminal, and otherwise print lines there, among the data.
class LiveRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** Options of a list whose tasks are drawn on this stream and nowhere else. */
export function liveOptions(progress: NodeJS.WriteStream) {
  return {
    renderer: LiveRenderer,
    // Ctrl-C is the verb's to handle.
    registerSignalListeners: false,
    rendererOptions: {
      logger: new ListrLogger<ListrDefaultRendererLogLevels>({
        processOutput: new ProcessOutput(progress, progress),
      }),
    },
  };
}
