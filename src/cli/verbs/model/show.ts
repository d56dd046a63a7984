/** `model show`: what a model is, and what it needs. */
import { LlmOpsError } from '../../../errors.ts';
import { describeModel } from '../../../models/describe/describe-model.ts';
import type { ModelFacts } from '../../../models/describe/model-facts.ts';
import type { LocatedModel, ModelForm } from '../../../models/model-store.ts';
import { type CliContext, quoted } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { printBytes } from '../../output/print-bytes.ts';
import { type FormOptions, formsFor, readSource, type SourceOptions } from './read-source.ts';

export type ModelShowOptions = SourceOptions & FormOptions;

export async function modelShow(
  options: ModelShowOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const { located, form } = await locate(options, context);
  const { source } = options;
  const { path } = located;
  const facts = await describeModel(located, form);
  context.terminal.out(
    options.json
      ? JSON.stringify({ source, path, form, ...facts }, null, 2)
      : printFacts(facts, { source, path }),
  );
  return 0;
}

type Located = { readonly located: LocatedModel; readonly form: ModelForm };

/** Throws `model_not_here`. */
async function locate({ source: text, form }: ModelShowOptions, context: CliContext) {
  const source = readSource(text);
  const store = await context.modelStore();
  for (const tried of formsFor(source, form)) {
    const located = await store.locate(source, tried);
    if (located !== null) return { located, form: tried } satisfies Located;
  }
  const asked = form === undefined ? '' : ` --form ${form}`;
  throw new LlmOpsError('model_not_here', `${text} is not on this machine`, {
    hint: `Fetch it with ${quoted(context.command)} model pull ${quoted(text)}${asked}`,
    details: { source: text },
  });
}

function printFacts(
  facts: ModelFacts,
  { source, path }: { readonly source: string; readonly path: string },
): string {
  const { chatTemplate, files, bytes } = facts;
  const count = `${String(files.length)} ${files.length === 1 ? 'file' : 'files'}`;
  const rows: readonly (readonly [string, string])[] = [
    ['Source', source],
    ['Architecture', facts.architecture ?? '?'],
    ['Parameters', facts.parameters === null ? '?' : printCount(facts.parameters)],
    ['Context', facts.contextLength === null ? '?' : `${String(facts.contextLength)} tokens`],
    ['Quantization', facts.quantization ?? '?'],
    ['Memory', printMemory(facts.memory)],
    ['Size', `${printBytes(bytes)} in ${count}`],
    ['Path', path],
    ['Template', chatTemplate === null ? 'none' : `from ${chatTemplate.from}:`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}${value}`).join('\n');
  return chatTemplate === null ? lines : `${lines}\n\n${chatTemplate.text.trimEnd()}`;
}

/** `134.5 million`, `8.03 billion`: as models are called by their size. */
function printCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} billion`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} million` : String(count);
}

function printMemory({ weightsBytes, kvCache }: ModelFacts['memory']): string {
  const weights = `${printBytes(weightsBytes)} of weights`;
  if (kvCache === null) return `${weights}, and its cache, whose size its files do not tell`;
  const { bytes, contextTokens, bytesPerToken } = kvCache;
  const each = `${printBytes(bytesPerToken)} a token`;
  const whole = printBytes(weightsBytes + bytes);
  return `${whole}: ${weights}, ${printBytes(bytes)} of cache for ${String(contextTokens)} tokens (${each})`;
}
