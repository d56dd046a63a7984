import { fetchLlamaPackage } from '../../../src/local/built-in/fetch-llama-package.ts';
import { llamaPackage } from '../../../src/local/built-in/llama-package.ts';
import { thisMachine } from '../../../src/local/built-in/machine.ts';
import { productRoot } from '../../e2e/shell.ts';

/** The directory of the native package: `LLM_OPS_LLAMA_PACKAGE`, else where the product keeps it, fetched as the product does. */
export async function provideLlamaPackage(): Promise<string> {
  const { env } = process;
  const given = env['LLM_OPS_LLAMA_PACKAGE'];
  if (given !== undefined && given !== '') return given;
  const llama = llamaPackage({ productRoot, env, machine: thisMachine() });
  const signal = AbortSignal.timeout(10 * 60_000);
  await fetchLlamaPackage(llama, env, { signal, report: () => undefined });
  return llama.directory;
}
