import { parseFlags, USAGE } from './options.ts';
import { runProgram } from './run-program.ts';
import { serveEngine } from './serve.ts';

const exit = (status: number) => process.exit(status);

// The simulator as a program.
await runProgram({
  async start(argv) {
    const options = parseFlags(argv);
    if (options !== null) return serveEngine({ ...options, exit: () => exit(1) });
    console.log(USAGE);
    return null;
  },
  say: (line) => console.log(line),
  complain: (line) => console.error(line),
  exit,
});
