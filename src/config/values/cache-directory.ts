import { join, resolve } from 'node:path';

/** Where the product keeps what it fetched for all stacks of this user (wheels' models, the built-in llama.cpp): `$XDG_CACHE_HOME/llm-ops`. */
export function cacheDirectory(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(home, '.cache') : resolve(base), 'llm-ops');
}
