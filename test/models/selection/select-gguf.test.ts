import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { selectGguf } from '../../../src/models/selection/select-gguf.ts';

const REPOSITORY = [
  'README.md',
  'config.json',
  'imatrix.gguf',
  'mmproj-model-Q8_0.gguf',
  'm-IQ4_XS.gguf',
  'm-Q4_0.gguf',
  'm-Q4_K_M.gguf',
  'm-Q4_K_S.gguf',
  'm-Q8_0.gguf',
  'BF16/m-BF16-00001-of-00002.gguf',
  'BF16/m-BF16-00002-of-00002.gguf',
];

describe('the GGUF of a repository', () => {
  for (const [wanted, expected] of [
    [null, ['m-Q4_K_M.gguf']],
    ['Q4_K_M', ['m-Q4_K_M.gguf']],
    ['q4_k_m', ['m-Q4_K_M.gguf']],
    ['Q4_0', ['m-Q4_0.gguf']],
    ['Q8_0', ['m-Q8_0.gguf']],
    ['IQ4_XS', ['m-IQ4_XS.gguf']],
    ['BF16', ['BF16/m-BF16-00001-of-00002.gguf', 'BF16/m-BF16-00002-of-00002.gguf']],
    ['m-Q4_0.gguf', ['m-Q4_0.gguf']],
    ['mmproj-model-Q8_0.gguf', ['mmproj-model-Q8_0.gguf']],
    [
      'BF16/m-BF16-00002-of-00002.gguf',
      ['BF16/m-BF16-00001-of-00002.gguf', 'BF16/m-BF16-00002-of-00002.gguf'],
    ],
  ] as const) {
    it(`is ${expected[0]} for ${wanted ?? 'nothing said'}`, () => {
      assert.deepEqual(selectGguf(REPOSITORY, wanted, 'org/m'), expected);
    });
  }

  for (const [what, paths, wanted, expected] of [
    ['Q8_0 without Q4_K_M', ['a.Q8_0.gguf', 'a.F16.gguf'], null, 'a.Q8_0.gguf'],
    ['the only one', ['some.gguf', 'mmproj-F16.gguf'], null, 'some.gguf'],
    [
      'a name that goes on after the quantization',
      ['m_Q4_K_M_v2.gguf'],
      'Q4_K_M',
      'm_Q4_K_M_v2.gguf',
    ],
    ['the quantization at the very beginning', ['Q5_1.gguf', 'x.gguf'], 'Q5_1', 'Q5_1.gguf'],
  ] as const) {
    it(`is ${what}`, () => {
      assert.deepEqual(selectGguf(paths, wanted, 'org/m'), [expected]);
    });
  }

  for (const [what, paths, wanted, message, hint] of [
    [
      'no such quantization',
      REPOSITORY,
      'Q2_K',
      /has no GGUF file for Q2_K/,
      /m-Q4_0\.gguf, m-Q4_K_M\.gguf/,
    ],
    ['a quantization that is only part of a word', REPOSITORY, 'Q4_XS', /no GGUF file/, /m-IQ4_XS/],
    [
      'several for one quantization',
      ['a-Q4_K_M.gguf', 'b-Q4_K_M.gguf'],
      'Q4_K_M',
      /several GGUF files for Q4_K_M/,
      /a-Q4_K_M\.gguf, b-/,
    ],
    ['half a name', REPOSITORY, 'Q4_K', /several GGUF files for Q4_K\./, /m-Q4_K_S/],
    [
      'several and none preferred',
      ['a-F16.gguf', 'a-Q2_K.gguf'],
      null,
      /several GGUF files, none of them Q4_K_M or Q8_0/,
      /a-F16\.gguf, a-Q2_K\.gguf/,
    ],
    ['none at all', ['model.safetensors'], null, /has no GGUF file/, /-GGUF/],
    ['no such file', REPOSITORY, 'n.gguf', /no file n\.gguf/, /m-Q4_0\.gguf/],
    [
      'a part that is missing',
      ['a-00001-of-00002.gguf'],
      null,
      /no file a-00002-of-00002\.gguf/,
      /a-00001/,
    ],
  ] as const) {
    it(`is an error that lists the choices: ${what}`, () => {
      assert.throws(
        () => selectGguf(paths, wanted, 'org/m'),
        (error: { code: string; message: string; hint: string }) => {
          assert.equal(error.code, 'model_not_found');
          assert.match(error.message, message);
          assert.match(error.hint, hint);
          return true;
        },
      );
    });
  }
});
