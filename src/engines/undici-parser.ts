/**
 * undici's parser, which is WebAssembly, as V8's first compiler makes it, and no other. Left to itself V8 makes it anew with the second one
 * once it was used for a while: that keeps 10 MB, and saves nothing that could be measured. There is a flag for it, but not for a program that is
 * to start soon (`WORKER_NODE_FLAGS`). So it is set only while the parser is compiled, which V8 does once for the same bytes: undici gets what
 * was made here.
 */
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

const require = createRequire(import.meta.url);

/** Node's types leave it to those of browsers. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

/** All at once, as what is compiled when it is first called goes by the flags of then. */
const FIRST_COMPILER = [
  '--no-wasm-lazy-compilation',
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
];
const AS_NODE_HAS_IT = ['--wasm-lazy-compilation', '--wasm-tier-up', '--wasm-dynamic-tiering'];

/** V8 forgets what nobody holds, and undici may not have it yet. */
let parser: object | null = null;

/** Compiles it unless it is there. To be called before undici connects: what it has compiled itself stays as it is. */
export function compileParser(): void {
  parser ??= compile();
}

function compile(): object {
  // The file is undici's own: see `undici-pool.ts`.
  const bytes = require('undici/lib/llhttp/llhttp_simd-wasm.js') as Buffer;
  FIRST_COMPILER.forEach((flag) => setFlagsFromString(flag));
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    AS_NODE_HAS_IT.forEach((flag) => setFlagsFromString(flag));
  }
}
