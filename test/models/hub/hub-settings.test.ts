import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { readHubSettings } from '../../../src/models/hub/hub-settings.ts';

const read = (env: Record<string, string>): ReturnType<typeof readHubSettings> =>
  readHubSettings({ env, home: '/home/me' });

describe('the settings of the hub', () => {
  it('are the public hub and the cache in the home directory', () => {
    assert.deepEqual(read({}), {
      endpoint: 'https://huggingface.co',
      token: null,
      isOffline: false,
      isProxyUnused: false,
      cacheDirectory: '/home/me/.cache/huggingface/hub',
      recordDirectory: '/home/me/.cache/llm-ops/hub',
    });
  });

  for (const [env, directory] of [
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/x', HF_HOME: '/hf' }, '/hf/hub'],
    [{ HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' }, '/new'],
    [{ HF_HOME: '~/models' }, '/home/me/models/hub'],
    [{ HF_HOME: '' }, '/home/me/.cache/huggingface/hub'],
  ] as const) {
    it(`have the cache in ${directory} for ${JSON.stringify(env)}`, () => {
      assert.equal(read(env).cacheDirectory, directory);
    });
  }

  it('have the endpoint without a slash, and the token without what a copy brought along', () => {
    const { endpoint, token } = read({ HF_ENDPOINT: 'https://mirror/hf/', HF_TOKEN: ' hf_x\r\n' });
    assert.equal(endpoint, 'https://mirror/hf');
    assert.equal(token, 'hf_x');
  });

  for (const [value, isOffline] of [
    ['1', true],
    ['True', true],
    ['0', false],
    ['', false],
  ] as const) {
    it(`are ${isOffline ? 'offline' : 'online'} for HF_HUB_OFFLINE=${value}`, () => {
      assert.equal(read({ HF_HUB_OFFLINE: value }).isOffline, isOffline);
    });
  }
});
