/** What an engine's log says about its loading. Pure: both runtimes show it. */
import { readLogLine } from './log-line.ts';

/** How an engine runs decides how its log reads: `built-in` is the llama.cpp of our own engine server. */
export type LogDialect = 'vllm' | 'llama-server' | 'built-in';

/** What begins when an engine prints such a line. A group `percent` is added to the words. null: it serves, nothing loads any more. */
type Stage = { readonly mark: RegExp; readonly words: string | null };

/** A bar of Python's tqdm: `Fetching 4 files:  25%|██▌ | 1/4 [00:03<00:09]`. */
const BAR = String.raw`:\s+(?<percent>\d+)%`;

/** As vLLM 0.6 to 0.32 put it (its `model_loader/`, `compilation/`, `v1/`), each line when the stage begins or the one before has ended. */
const VLLM: readonly Stage[] = [
  { mark: /^(non-default args: |vLLM API server version )/, words: 'starting vLLM' },
  { mark: /^Initializing an? (V\d )?LLM engine/, words: 'starting the engine process' },
  { mark: /^(Starting to load model |Loading model from scratch)/, words: 'loading the weights' },
  { mark: new RegExp(`^Fetching \\d+ files${BAR}`), words: 'downloading the weights' },
  { mark: new RegExp(String.raw`^Downloading\b[^:]*${BAR}`), words: 'downloading the weights' },
  {
    mark: new RegExp(String.raw`^\S+\.(?:safetensors|bin|pt|gguf)${BAR}`),
    words: 'downloading the weights',
  },
  { mark: /^Time spent downloading weights/, words: 'loading the weights' },
  // With as many names as there are loaders: "safetensors checkpoint shards", "safetensors using Runai Model Streamer", …
  {
    mark: new RegExp(String.raw`^(?:Multi-thread )?[Ll]oading \S.*?${BAR}`),
    words: 'loading the weights',
  },
  { mark: /^(Loading weights took|Model loading took) /, words: 'measuring the memory' },
  {
    mark: /^(\[\w+\] )?(Starting torch\.compile|Using cache directory: .* torch\.compile|Dynamo bytecode transform|Compiling a graph|Cache the graph|Warming up model for the compilation)/,
    words: 'compiling',
  },
  {
    mark: /^(\[\w+\] )?(torch\.compile (took|takes)|Directly load )/,
    words: 'measuring the memory',
  },
  { mark: /^Profiling CUDA graph memory/, words: 'measuring the memory' },
  {
    mark: new RegExp(String.raw`^Capturing CUDA graphs?\b[^:]*${BAR}`),
    words: 'capturing CUDA graphs',
  },
  {
    mark: /^(Available KV cache memory|[GC]PU KV cache size|Graph capturing finished)/,
    words: 'warming up',
  },
  { mark: /^(init engine \(|Starting vLLM (API )?server)/, words: 'starting the API server' },
  // uvicorn's words.
  { mark: /^INFO: +Application startup complete/, words: null },
];

/** As llama.cpp's server puts it. Of a download it tells the beginning at most: its bar is for terminals only. */
const LLAMA_SERVER: readonly Stage[] = [
  { mark: /^(srv +)?llama_server: initializing/, words: 'starting llama-server' },
  { mark: /(trying to download model from|: downloading from) /, words: 'downloading the weights' },
  { mark: /^(main|srv +load_model): loading model/, words: 'loading the weights' },
  { mark: /^load_tensors: loading model tensors/, words: 'loading the weights' },
  { mark: /warming up the model/, words: 'warming up' },
  { mark: /^srv +(load_model|init): initializing(,| slots)/, words: 'starting the API server' },
  { mark: /^(main|srv +llama_server): model loaded/, words: null },
];

/** Our own engine server says it as it is to be shown. */
const BUILT_IN: readonly Stage[] = [
  { mark: /^loading the model(?:, (?<percent>\d+) %)?$/, words: 'loading the model' },
  { mark: /^warming up/, words: 'warming up' },
  { mark: /^the model is loaded/, words: null },
];

const STAGES: Readonly<Record<LogDialect, readonly Stage[]>> = {
  vllm: VLLM,
  'llama-server': LLAMA_SERVER,
  'built-in': BUILT_IN,
};

/**
 * The latest stage of loading that the lines (oldest first, of one life of the engine) tell of, as a short phrase for people:
 * `downloading the weights, 40 %`, `loading the weights, 33 %`, `compiling`. null: they tell of none, or that the engine serves. Errors
 * are no progress.
 */
export function readLoadProgress(dialect: LogDialect, lines: readonly string[]): string | null {
  for (const line of lines.toReversed()) {
    const stage = readStage(dialect, line);
    if (stage !== undefined) return stage;
  }
  return null;
}

/** The same of one line; undefined where it tells nothing, so that what was told before still holds. */
export function readStage(dialect: LogDialect, line: string): string | null | undefined {
  const { isError, text } = readLogLine(line);
  if (isError) return undefined;
  for (const { mark, words } of STAGES[dialect]) {
    const found = mark.exec(text);
    if (found === null) continue;
    const percent = found.groups?.['percent'];
    return words === null || percent === undefined ? words : `${words}, ${percent} %`;
  }
  return undefined;
}
