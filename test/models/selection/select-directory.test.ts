import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { selectDirectory } from '../../../src/models/selection/select-directory.ts';

const EQUIPMENT = [
  'additional_chat_templates/tool.jinja',
  'chat_template.jinja',
  'config.json',
  'merges.txt',
  'modeling_own.py',
  'qwen.tiktoken',
  'tokenizer.json',
  'tokenizer.model',
];
const OTHERS = [
  '.gitattributes',
  '.cache/x.json',
  'LICENSE.txt',
  'README.md',
  'logo.png',
  'm-Q4_K_M.gguf',
  'onnx/config.json',
  'onnx/model.onnx',
  'original/consolidated.00.pth',
  'original/params.json',
  'tf_model.h5',
  'training_args.bin',
];
const SAFETENSORS = [
  'model-00001-of-00002.safetensors',
  'model-00002-of-00002.safetensors',
  'model.safetensors.index.json',
];

describe('the files of a model as a directory', () => {
  it('are its equipment and its safetensors, and no other form of it', () => {
    const weights = [...SAFETENSORS, 'pytorch_model.bin', 'consolidated.pth'];
    assert.deepEqual(selectDirectory([...EQUIPMENT, ...OTHERS, ...weights], 'org/m'), [
      ...EQUIPMENT,
      ...SAFETENSORS,
    ]);
  });

  it('are pickled ones where there are no safetensors', () => {
    const pickled = ['pytorch_model.bin', 'consolidated.pth'];
    assert.deepEqual(selectDirectory([...OTHERS, ...pickled], 'org/m'), pickled);
  });

  for (const [what, paths, hint] of [
    ['a GGUF repository', ['config.json', 'm-Q4_K_M.gguf'], /engine: llama\.cpp/],
    ['a data set', ['README.md', 'data.csv'], /It has README\.md, data\.csv/],
    [
      'weights elsewhere only',
      ['original/consolidated.00.pth', 'training_args.bin'],
      /It has original/,
    ],
    ['nothing', [], /It has no files/],
  ] as const) {
    it(`are an error that says what is there: ${what}`, () => {
      assert.throws(
        () => selectDirectory(paths, 'org/m'),
        (error: { code: string; message: string; hint: string }) => {
          assert.equal(error.code, 'model_not_found');
          assert.match(error.message, /^org\/m has no weights/);
          assert.match(error.hint, hint);
          return true;
        },
      );
    });
  }
});
