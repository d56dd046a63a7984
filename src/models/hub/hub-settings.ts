/** How the user's machine is set up for the hub: the variables that Python's huggingface_hub reads (its `constants.py`), read alike. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { cacheDirectory } from '../../config/values/cache-directory.ts';
import type { ModelStoreOptions } from '../model-store.ts';

export type HubSettings = {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | null;
  readonly isOffline: boolean;
  /** There is a proxy for Python's tools that Node does not take without being told (nodejs.org/api/cli.html, NODE_USE_ENV_PROXY). */
  readonly isProxyUnused: boolean;
  /** Shared with Python's tools and llama.cpp: `models--org--name/…`. */
  readonly cacheDirectory: string;
  /** Ours: what we know of the files there. */
  readonly recordDirectory: string;
};

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];

/** Reads the token's file, so it is called anew for each operation. */
export function readHubSettings({ env, home }: ModelStoreOptions): HubSettings {
  const path = (name: string): string | null => {
    const value = env[name] ?? '';
    if (value === '') return null;
    return value.startsWith('~/') ? join(home, value.slice(2)) : resolve(value);
  };
  const hfHome =
    path('HF_HOME') ?? join(path('XDG_CACHE_HOME') ?? join(home, '.cache'), 'huggingface');
  return {
    endpoint: (env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, ''),
    token: clean(env['HF_TOKEN']) ?? readToken(path('HF_TOKEN_PATH') ?? join(hfHome, 'token')),
    isOffline: /^(1|true|yes|on)$/i.test(env['HF_HUB_OFFLINE'] ?? ''),
    isProxyUnused:
      PROXIES.some((name) => (env[name] ?? '') !== '') && env['NODE_USE_ENV_PROXY'] !== '1',
    cacheDirectory: path('HF_HUB_CACHE') ?? path('HUGGINGFACE_HUB_CACHE') ?? join(hfHome, 'hub'),
    recordDirectory: join(cacheDirectory(env, home), 'hub'),
  };
}

function readToken(file: string): string | null {
  try {
    return clean(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function clean(token: string | undefined): string | null {
  const text = token?.replaceAll(/[\r\n]/g, '').trim() ?? '';
  return text === '' ? null : text;
}
