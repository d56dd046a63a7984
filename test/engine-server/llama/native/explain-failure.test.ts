import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LlmOpsError } from '../../../../src/errors.ts';
import { explainFailure } from '../../../../src/engine-server/llama/native/explain-failure.ts';

const path = '/models/m.gguf';

describe('a model that cannot be loaded', () => {
  it('is explained by llama.cpp’s own line', () => {
    const lines = [
      'load: special_eos_id is not in special_eog_ids',
      "llama_model_load: error loading model: unknown model architecture: 'new'",
      'llama_model_load_from_file_impl: failed to load model',
    ];
    const cause = new Error('Failed to load model');
    const error = explainFailure(cause, { path, lines });
    assert.equal(error.code, 'start_failed');
    assert.equal(
      error.message,
      "llama.cpp cannot load /models/m.gguf: unknown model architecture: 'new'.",
    );
    assert.equal(error.cause, cause);
  });

  it('is explained by the reader’s reason, without its name', () => {
    const lines = [
      'llama_model_load: error loading model: llama_model_loader: tensor is out of bounds',
    ];
    const { message } = explainFailure(new Error('x'), { path, lines });
    assert.match(message, /: tensor is out of bounds\.$/);
  });

  it('is explained by the library where llama.cpp said nothing', () => {
    const { message } = explainFailure(new Error('Failed to load model'), { path, lines: [] });
    assert.match(message, /: Failed to load model\.$/);
    assert.match(explainFailure('odd', { path, lines: [] }).message, /: odd\.$/);
  });

  it('for want of memory says what to take less of', () => {
    class InsufficientMemoryError extends Error {}
    const error = explainFailure(new InsufficientMemoryError('4 GB are missing'), {
      path,
      lines: ['error loading model: something else'],
    });
    assert.match(error.message, /too little memory for \/models\/m\.gguf: 4 GB are missing\.$/);
    assert.match(error.hint ?? '', /--parallel.*--ctx-size/);
  });

  it('for a reason of ours keeps it', () => {
    const ours = new LlmOpsError('usage', '--ctx-size 1 is too little for 4 slots.');
    assert.equal(explainFailure(ours, { path, lines: [] }), ours);
  });
});
