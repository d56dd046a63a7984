/** A stack file of very many services, as a program would write it. */

/** In turns: a model on a GPU, a simulated engine, llama.cpp on the processor, and an engine that runs elsewhere. */
const KINDS: readonly ((at: number) => Readonly<Record<string, unknown>>)[] = [
  (at) => ({
    source: `org/model-${at}`,
    gpu: 'A100:80GB:1',
    args: ['--max-model-len', '8192'],
    limits: { concurrency: 64 },
  }),
  () => ({ engine: 'sim', replicas: 2 }),
  (at) => ({
    engine: 'llama.cpp',
    source: `org/model-${at}-GGUF`,
    env: { LLAMA_ARG_THREADS: '4' },
  }),
  (at) => ({ engine: 'openai', url: `http://10.0.${at >> 8}.${at % 256}:8000` }),
];

/** The text of an `llm-ops.yml` with so many services. JSON is YAML, too. */
export function manyServices(count: number): string {
  const lines = Array.from({ length: count }, (_, at) => {
    const keys = KINDS[at % KINDS.length]?.(at) ?? {};
    return `  model-${at}: ${JSON.stringify(keys)}`;
  });
  return `name: bench\nservices:\n${lines.join('\n')}\n`;
}
