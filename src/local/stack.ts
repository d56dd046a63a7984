import type { Machine } from './built-in/machine.ts';
import type { LlamaPackage } from './built-in/llama-package.ts';
import type { Timing } from './timing.ts';
import type { Programs } from './units/engine-command.ts';
import type { Environment } from './units/unit-specs.ts';

/** What the parts of the local runtime know about a stack besides its plan. Paths are absolute. */
export type Stack = {
  readonly name: string;
  /** Its state directory. */
  readonly directory: string;
  readonly env: Environment;
  readonly programs: Programs;
  /** The native package of the built-in llama.cpp; null: `llama-server` of the PATH takes its place. */
  readonly llama: LlamaPackage | null;
  readonly machine: Machine;
  /** The detached supervisor's program. */
  readonly supervisor: string;
  readonly timing: Timing;
};
