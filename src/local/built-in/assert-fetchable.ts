import { LlmOpsError } from '../../errors.ts';
import type { Environment } from '../units/unit-specs.ts';
import { isFetched, type LlamaPackage } from './llama-package.ts';
import { findNpm, npmMissing } from './run-npm.ts';

/**
 * What can be known before a fetch: that there are binaries for this machine, whose package's name it returns, and an npm where it is
 * not fetched yet. Throws `engine_missing`.
 */
export function assertFetchable(llama: LlamaPackage, env: Environment): string {
  const { binary, platform } = llama;
  if (binary === null)
    throw new LlmOpsError('engine_missing', `there is no built-in llama.cpp for ${platform}`, {
      hint: 'Install llama-server, or start Docker and run the stack there.',
      details: { platform },
    });
  if (!isFetched(llama) && findNpm(env) === null) throw npmMissing();
  return binary;
}
