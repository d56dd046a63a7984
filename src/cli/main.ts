/** The command line: which verbs there are and what they take. Each verb is a file of its own in `verbs/`, read when it is called. */
import { Command, CommanderError, Option } from 'commander';

import type { ModelForm } from '../models/model-store.ts';
import type { RuntimeKind } from '../plan/runtime.ts';
import { VERSION } from '../version.ts';
import type { Dialect } from '../prompts/styles/style.ts';
import { type CliContext, type CommonOptions, DEFAULT_FILE } from './cli-context.ts';
import { toExitStatus } from './exit-code.ts';
import { parseCount, parseDurationMs, parsePort } from './parse-options.ts';
import { printError } from './output/print-error.ts';
import { buildTerminal } from './output/terminal.ts';
import type { LogsOptions } from './verbs/logs.ts';
import type { FormOptions, ModelOptions } from './verbs/model/read-source.ts';
import type { TemplateCheckOptions } from './verbs/template/check.ts';
import type { TemplateMatchOptions } from './verbs/template/match.ts';
import type { TemplateRenderOptions } from './verbs/template/render.ts';

const EXAMPLES = `
Examples:
  llm-ops demo                  a small model and two simulated ones in this terminal
  llm-ops init && llm-ops up    write a configuration, then start what it says

Exit status: 0 fine, 1 failed or differs, 2 bad usage or configuration.`;

const terminal = buildTerminal(process.stdout, process.stderr);

type Verb<Options> = (options: Options, context: CliContext) => Promise<number>;

/** Loads a verb when it is called, and runs it. The process ends by itself once nothing is left to do. */
function call<Options>(load: () => Promise<Verb<Options>>): (options: Options) => Promise<void> {
  return async (options) => {
    const [verb, { buildContext }] = await Promise.all([load(), import('./build-context.ts')]);
    const status = await verb(options, buildContext(terminal));
    process.exitCode = hasReader ? status : 0;
  };
}

function buildProgram(): Command {
  const program = new Command('llm-ops')
    .description('Serve open language models on machines that you own.')
    .version(VERSION)
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(process.stdout.columns || 100, 100),
    })
    .addHelpText('after', EXAMPLES);

  const verb = (name: string, description: string, parent: Command = program) =>
    parent
      .command(name)
      .description(description)
      .option('--json', 'print data and errors as JSON', false)
      .option('--verbose', 'with an error, say where it comes from', false);
  const stackVerb = (name: string, description: string) =>
    verb(name, description).option('-f, --file <file>', 'configuration file', DEFAULT_FILE);
  const runtime = () =>
    new Option(
      '--runtime <runtime>',
      'where it runs (default: docker when it answers, else local)',
    ).choices(['docker', 'local'] satisfies RuntimeKind[]);
  const port = () =>
    new Option('--port <port>', 'takes the place of gateway.http_port').argParser(parsePort);

  stackVerb('init', 'write a commented configuration to start from')
    .option('--force', 'replace a file that is there', false)
    .action(call(async () => (await import('./verbs/init.ts')).init));
  stackVerb('validate', 'say everything that is wrong with the configuration').action(
    call(async () => (await import('./verbs/validate.ts')).validate),
  );
  stackVerb('plan', 'show what up would do, and why')
    .addOption(runtime())
    .addOption(port())
    .action(call(async () => (await import('./verbs/plan.ts')).plan));
  stackVerb('render', 'write docker-compose.yml and the files beside it')
    .option('--out <dir>', 'where to write', '.')
    .option('--check', 'write nothing; exit 1 when files differ', false)
    .option('--print', 'print docker-compose.yml instead', false)
    .option('--elsewhere', 'for another machine: do not look for GPUs on this one', false)
    .option('--force', 'replace files that llm-ops did not generate', false)
    .action(call(async () => (await import('./verbs/render.ts')).render));
  stackVerb('up', 'start what the configuration says and wait until it serves')
    .addOption(runtime())
    .addOption(port())
    .option('--foreground', 'keep it in this terminal (local runtime)', false)
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the models')
        .argParser(parseDurationMs)
        .default(1_800_000, '30m'),
    )
    .action(call(async () => (await import('./verbs/up.ts')).up));
  stackVerb('down', 'end what up started, and remove what it made')
    .option('--volumes', 'remove the volumes with models, too', false)
    .action(call(async () => (await import('./verbs/down.ts')).down));
  stackVerb('ps', 'show what runs, and which services are ready')
    .addOption(port())
    .action(call(async () => (await import('./verbs/ps.ts')).ps));
  stackVerb('logs', 'show what the engines and workers print')
    .argument('[service...]', 'services or units (default: all)')
    .option('-n, --tail <lines>', 'how many of the last lines of each', parseCount, 100)
    .option('--follow', 'keep printing what comes', false)
    .action((names: string[], options: Omit<LogsOptions, 'names'>) =>
      call(async () => (await import('./verbs/logs.ts')).logs)({ ...options, names }),
    );
  const model = program
    .command('model')
    .description('fetch models, and show and remove those that are here');
  const modelVerb = (name: string, description: string) => verb(name, description, model);
  const sourceVerb = (name: string, description: string) =>
    modelVerb(name, description).argument('<source>', 'as `source` in the configuration');
  const form = () =>
    new Option(
      '--form <form>',
      'what the engine wants (default: what the source looks like)',
    ).choices(['gguf', 'directory'] satisfies ModelForm[]);
  sourceVerb('pull', 'fetch a model, or what is new of it')
    .addOption(form())
    .action((source: string, options: ModelOptions & FormOptions) =>
      call(async () => (await import('./verbs/model/pull.ts')).modelPull)({ ...options, source }),
    );
  modelVerb('list', 'list the models that are here').action(
    call(async () => (await import('./verbs/model/list.ts')).modelList),
  );
  sourceVerb('show', 'tell what a model is and what it needs')
    .addOption(form())
    .action((source: string, options: ModelOptions & FormOptions) =>
      call(async () => (await import('./verbs/model/show.ts')).modelShow)({ ...options, source }),
    );
  sourceVerb('rm', 'remove a model from this machine').action(
    (source: string, options: ModelOptions) =>
      call(async () => (await import('./verbs/model/rm.ts')).modelRm)({ ...options, source }),
  );
  const template = program
    .command('template')
    .description('show conversation templates, and the prompts that they make');
  const templateVerb = (name: string, description: string) => verb(name, description, template);
  const withFile = (command: Command) =>
    command.option('-f, --file <file>', 'configuration that names more templates', DEFAULT_FILE);
  const dialect = () =>
    new Option('--dialect <dialect>', 'whose rules and names')
      .choices(['fastchat', 'llm-ops'] satisfies Dialect[])
      .default('fastchat' satisfies Dialect);
  withFile(templateVerb('list', 'list the templates')).action(
    call(async () => (await import('./verbs/template/list.ts')).templateList),
  );
  withFile(templateVerb('show', 'show one template and an example'))
    .argument('<name>', 'as `template` in the configuration')
    .action((name: string, options: CommonOptions) =>
      call(async () => (await import('./verbs/template/show.ts')).templateShow)({
        ...options,
        name,
      }),
    );
  withFile(templateVerb('render', 'print the exact prompt of a conversation'))
    .argument('<name>', 'as `template` in the configuration, or the directory of a model')
    .requiredOption('--messages <file>', 'JSON list of {"role", "text"}; - reads standard input')
    .option('--system <text>', 'system message in place of the default')
    .option('--allow-control-tokens', 'leave control tokens in messages as they are', false)
    .action((name: string, options: Omit<TemplateRenderOptions, 'name'>) =>
      call(async () => (await import('./verbs/template/render.ts')).templateRender)({
        ...options,
        name,
      }),
    );
  templateVerb('match', 'print the template that a model has by its name, one a line')
    .argument('<model_path...>', 'ids at the hub, or paths')
    .addOption(dialect())
    .action((paths: string[], options: Omit<TemplateMatchOptions, 'paths'>) =>
      call(async () => (await import('./verbs/template/match.ts')).templateMatch)({
        ...options,
        paths,
      }),
    );
  withFile(templateVerb('check', 'compare prompts with those that a file expects'))
    .argument('<file>', 'rows of JSON: template, system_message, messages, prompt')
    .addOption(dialect())
    .action((rows: string, options: Omit<TemplateCheckOptions, 'rows'>) =>
      call(async () => (await import('./verbs/template/check.ts')).templateCheck)({
        ...options,
        rows,
      }),
    );
  verb('demo', 'try a small model and two simulated ones in this terminal')
    .addOption(port())
    .action(call(async () => (await import('./verbs/demo.ts')).demo));
  program
    .command('worker')
    .description('run the worker program that stands before the engines')
    .option('--config <dir>', 'directory of worker.json')
    .option('--host <address>', 'address to listen on')
    .addOption(new Option('--port <port>', 'port to listen on').argParser(parsePort))
    .action(call(async () => (await import('./verbs/worker.ts')).worker));
  program
    .command('sim')
    .description('run the simulated engine (llm-ops sim --help lists its options)')
    .argument('[options...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(call(async () => (await import('./verbs/sim.ts')).sim));
  return program;
}

// A pipe whose reader, such as `head`, has seen enough, and a terminal that was closed.
const READER_GONE = ['EPIPE', 'EIO'];
let hasReader = true;

// Nobody wants the data any more: no failure, but a verb that holds processes has to end them before it goes.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!READER_GONE.includes(error.code ?? '')) throw error;
  if (!hasReader) return;
  hasReader = false;
  if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(0);
});
// What is done goes on without somebody who looks.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (!READER_GONE.includes(error.code ?? '')) throw error;
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  const status = toExitStatus(error);
  const has = (flag: string) => process.argv.includes(flag);
  // A help that was shown for want of a verb has said it all.
  const isHelp = error instanceof CommanderError && error.code === 'commander.help';
  if (status !== 0 && !isHelp)
    printError(terminal, error, { isJson: has('--json'), isVerbose: has('--verbose') });
  process.exitCode = status;
}
