import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { findCause } from '../../src/plan/find-cause.ts';
import { fixture } from './fixtures/fixture.ts';

const firstOf = (name: string) => findCause(fixture(name))[0] ?? '';

describe('findCause of vLLM', () => {
  it('finds what the engine process died of, far above the end', () => {
    assert.match(firstOf('vllm-shared-memory'), /^RuntimeError: Insufficient space in \/dev\/shm/);
  });

  it('finds what a worker process died of, which two other processes only point at', () => {
    assert.equal(
      firstOf('vllm-worker-failed'),
      "torch._inductor.exc.InductorError: FileNotFoundError: [Errno 2] No such file or directory: 'openssl'",
    );
  });

  it('takes the last of several exceptions of which one caused the other: it is in the words of who called', () => {
    assert.deepEqual(findCause(fixture('vllm-no-hub')), [
      "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached files.",
      "Check your internet connection or see how to run the library in offline mode at 'https://huggingface.co/docs/transformers/installation#offline-mode'.",
    ]);
  });

  it('has the whole of a message of several lines', () => {
    const [first, second = ''] = findCause(fixture('vllm-context-too-long'));
    assert.equal(
      first,
      'pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig',
    );
    assert.match(second, /^Value error, User-specified max_model_len \(999999\) is greater/);
  });

  it('finds the flag that it does not know', () => {
    assert.deepEqual(findCause(fixture('vllm-unknown-flag')), [
      'main.py: error: unrecognized arguments: --swap-space 4',
    ]);
  });

  it('tells of a dead engine process when there is no better reason', () => {
    assert.match(firstOf('vllm-engine-killed'), /EngineDeadError: EngineCore encountered an issue/);
  });

  it('finds a GPU that is too small', () => {
    const head = '(EngineCore pid=9) ERROR 05-06 05:41:40 [core.py:1510] ';
    const memory =
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.6 GiB';
    const lines = [
      `${head}Traceback (most recent call last):`,
      `${head}  File "core.py", line 1, in run`,
      `${head}${memory}`,
      'Process EngineCore:',
      'Traceback (most recent call last):',
      '  File "entry.py", line 2, in run_server',
      'RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}',
      '[rank0]:[W506 05:41:41.1 ProcessGroupNCCL.cpp:1496] Warning: destroy_process_group() was not called',
    ];
    assert.deepEqual(findCause(lines), [memory]);
  });
});

describe('findCause of other programs', () => {
  it('finds the first error of llama.cpp’s server that could not load', () => {
    assert.equal(
      firstOf('llama-server-no-file'),
      "gguf_init_from_file: failed to open GGUF file '/nothing.gguf' (No such file or directory)",
    );
    assert.match(firstOf('llama-server-no-hub'), /Could not establish connection/);
    assert.deepEqual(findCause(['error: invalid argument: --bad-flag']), [
      'error: invalid argument: --bad-flag',
    ]);
  });

  it('finds that of the last life', () => {
    const later = fixture('llama-server-no-hub');
    assert.match(findCause([...fixture('llama-server-no-file'), ...later])[0] ?? '', /connection/);
  });

  it('has none for a program that served, or said nothing', () => {
    assert.deepEqual(findCause(fixture('llama-server')), []);
    assert.deepEqual(findCause(fixture('vllm-eager')), []);
    assert.deepEqual(findCause([]), []);
  });
});
