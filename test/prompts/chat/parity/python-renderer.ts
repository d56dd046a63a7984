/** Python's own rendering, by one process that answers line by line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Answer = { readonly text: string } | { readonly error: string };

export type PythonRenderer = {
  readonly render: (
    template: string,
    variables: Readonly<Record<string, unknown>>,
  ) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

export type PythonOptions = {
  readonly python: string;
  /** Which function renders: the real one of transformers, or jinja2 in the same setting. */
  readonly by: 'transformers' | 'jinja2';
  readonly modules?: string;
};

const PROGRAM = new URL('render_templates.py', import.meta.url).pathname;

/** Starts it. Throws with what it printed when it does not start. */
export async function startPython({ python, by, modules }: PythonOptions): Promise<PythonRenderer> {
  const env = { ...process.env, PYTHONIOENCODING: 'utf-8' };
  const child = spawn(python, [PROGRAM, by], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: modules === undefined ? env : { ...env, PYTHONPATH: modules },
  });
  let printed = '';
  child.stderr.on('data', (data: Buffer) => {
    printed += data.toString();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', resolve);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function nextLine(): Promise<unknown> {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`Python ended: ${printed.slice(-2000)}`);
    return JSON.parse(value);
  }

  await nextLine();
  return {
    async render(template, variables) {
      child.stdin.write(`${JSON.stringify({ template, variables })}\n`);
      return (await nextLine()) as Answer;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
