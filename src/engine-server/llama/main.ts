import { runProgram } from '../run-program.ts';
import { serveSource } from '../serve.ts';
import { createLlamaSource } from './llama-source.ts';
import { openPackage } from './native/open-package.ts';
import { parseFlags, USAGE } from './options.ts';

const say = (line: string) => console.log(line);
const complain = (line: string) => console.error(line);
const exit = (status: number) => process.exit(status);

// The built-in llama.cpp as a program.
await runProgram({
  async start(argv) {
    const options = parseFlags(argv);
    if (options === null) {
      say(USAGE);
      return null;
    }
    const source = createLlamaSource({
      options,
      openPackage: () => openPackage(options.package),
      tell: say,
      warn: (line) => complain(`llama.cpp: ${line}`),
    });
    const { host, port, parallel: maxConcurrent } = options;
    return serveSource(source, { host, port, maxConcurrent, exit: () => exit(1) });
  },
  say,
  complain,
  exit,
});
