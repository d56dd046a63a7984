import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type LogDialect, readLoadProgress } from '../../src/plan/load-progress.ts';
import { fixture } from './fixtures/fixture.ts';

/** What is told after each line, each phrase once. */
function story(dialect: LogDialect, lines: readonly string[]): readonly (string | null)[] {
  const told = lines.map((_, at) => readLoadProgress(dialect, lines.slice(0, at + 1)));
  return told.filter((phrase, at) => at === 0 || phrase !== told[at - 1]);
}

describe('readLoadProgress of vLLM', () => {
  it('tells the stages of a start, and nothing once it serves', () => {
    assert.deepEqual(story('vllm', fixture('vllm-eager')), [
      null,
      'starting vLLM',
      'starting the engine process',
      'loading the weights',
      'loading the weights, 0 %',
      'loading the weights, 100 %',
      'measuring the memory',
      'warming up',
      'starting the API server',
      null,
    ]);
  });

  it('tells that it compiles', () => {
    assert.deepEqual(story('vllm', fixture('vllm-compile')).slice(6), [
      'measuring the memory',
      'compiling',
      'warming up',
      'starting the API server',
      null,
    ]);
  });

  it('stays at the stage in which it failed: an error is no progress', () => {
    assert.deepEqual(story('vllm', fixture('vllm-shared-memory')), [
      null,
      'starting vLLM',
      'starting the engine process',
    ]);
  });

  it('begins anew with a new life in the same log', () => {
    const lives = [...fixture('vllm-shared-memory'), ...fixture('vllm-eager').slice(0, 10)];
    assert.equal(readLoadProgress('vllm', lives), 'starting vLLM');
  });

  // As vLLM 0.10 to 0.32 print them on machines with GPUs and a network.
  const GPU: readonly [line: string, phrase: string][] = [
    [
      'Loading safetensors checkpoint shards:  56% Completed | 5/9 [00:13<00:11,  2.87s/it]',
      'loading the weights, 56 %',
    ],
    [
      'Multi-thread loading shards:  33% Completed | 1/3 [00:04<00:08,  4.10s/it]',
      'loading the weights, 33 %',
    ],
    [
      'Loading safetensors using Runai Model Streamer:   7% Completed | 12/163 [00:04<00:50]',
      'loading the weights, 7 %',
    ],
    [
      'Fetching 4 files:  25%|██▌       | 1/4 [00:03<00:09,  3.05s/it]',
      'downloading the weights, 25 %',
    ],
    [
      'model-00002-of-00003.safetensors:  41%|████      | 2.03G/4.95G [00:21<00:31, 94.1MB/s]',
      'downloading the weights, 41 %',
    ],
    [
      '(EngineCore_DP0 pid=283) (Worker_TP6 pid=301) INFO 11-23 15:55:18 [weight_utils.py:441] Time spent downloading weights for org/m: 176.288637 seconds',
      'loading the weights',
    ],
    [
      '(Worker_TP0 pid=34322) INFO 05-06 20:59:59 [gpu_model_runner.py:4879] Model loading took 12.66 GiB memory and 31.657031 seconds',
      'measuring the memory',
    ],
    [
      "(Worker_TP0 pid=52) INFO 05-06 05:40:50 [backends.py:1089] Using cache directory: /root/.cache/vllm/x/backbone for vLLM's torch.compile",
      'compiling',
    ],
    [
      '(EngineCore pid=43) INFO 05-06 05:41:17 [backends.py:393] Compiling a graph for compile range (1, 8192) takes 26.64 s',
      'compiling',
    ],
    [
      '(EngineCore pid=43) INFO 05-06 05:41:30 [monitor.py:53] torch.compile took 48.89 s in total',
      'measuring the memory',
    ],
    [
      '(EngineCore pid=43) INFO 05-06 05:41:40 [gpu_worker.py:760] Available KV cache memory: 58.12 GiB',
      'warming up',
    ],
    [
      '(EngineCore pid=43) INFO 05-06 05:41:40 [kv_cache_utils.py:2327] GPU KV cache size: 487,728 tokens',
      'warming up',
    ],
    [
      'Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  45%|████▍     | 23/51 [00:01<00:01, 17.9it/s]',
      'capturing CUDA graphs, 45 %',
    ],
    [
      'Capturing CUDA graph shapes: 100%|██████████| 67/67 [00:21<00:00,  3.10it/s]',
      'capturing CUDA graphs, 100 %',
    ],
    [
      '(EngineCore pid=43) INFO 05-06 05:42:24 [gpu_model_runner.py:6582] Graph capturing finished in 4 secs, took 0.52 GiB',
      'warming up',
    ],
    ['INFO 05-14 17:44:22 [api_server.py:1043] vLLM API server version 0.8.5', 'starting vLLM'],
  ];
  for (const [line, phrase] of GPU)
    it(`takes "${line.slice(-60)}" for "${phrase}"`, () => {
      assert.equal(readLoadProgress('vllm', [line]), phrase);
    });

  it('takes the last drawing of a bar that is drawn over itself, in colour or not', () => {
    const bar = (percent: string) =>
      `\rLoading safetensors checkpoint shards:  ${percent}% Completed`;
    assert.equal(
      readLoadProgress('vllm', [`${bar('10')}${bar('20')}\u001B[K`]),
      'loading the weights, 20 %',
    );
  });

  it('is not misled by what requests and models say', () => {
    for (const line of [
      'INFO:     127.0.0.1:55818 - "GET /health HTTP/1.1" 200 OK',
      '(EngineCore pid=1) ERROR 05-06 05:42:24 [core.py:1] Loading safetensors checkpoint shards:  5% Completed',
      '',
    ])
      assert.equal(readLoadProgress('vllm', [line]), null, line);
  });
});

describe('readLoadProgress of llama.cpp', () => {
  it('tells the stages of its server, and nothing once it serves', () => {
    assert.deepEqual(story('llama-server', fixture('llama-server')), [
      null,
      'starting llama-server',
      'loading the weights',
      'starting the API server',
      null,
    ]);
  });

  it('knows the words of older servers, which listen before they load', () => {
    assert.deepEqual(
      story('llama-server', [
        'common_download_file_single: trying to download model from https://hf.co/m.gguf to m.gguf',
        'main: HTTP server is listening, hostname: 127.0.0.1, port: 8080, http threads: 11',
        'main: loading model',
        'common_init_from_params: warming up the model with an empty run - please wait ...',
        'srv          init: initializing slots, n_slots = 1',
        'main: model loaded',
        'main: server is listening on http://127.0.0.1:8080 - starting the main loop',
      ]),
      [
        'downloading the weights',
        'loading the weights',
        'warming up',
        'starting the API server',
        null,
      ],
    );
  });

  it('tells what the built-in one says', () => {
    assert.deepEqual(
      story('built-in', [
        'listening on http://127.0.0.1:1',
        'loading the model',
        'loading the model, 40 %',
      ]),
      [null, 'loading the model', 'loading the model, 40 %'],
    );
  });
});
