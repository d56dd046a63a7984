import { LlmOpsError } from '../../errors.ts';
import type { EnginePlan, StackPlan } from '../../plan/stack-plan.ts';
import { findOnPath } from '../process/find-on-path.ts';
import { isBuiltIn, neededProgram, type Programs } from './engine-command.ts';

export type ProgramFacts = {
  readonly programs: Programs;
  /** The PATH. */
  readonly path: string | undefined;
  /** Whether the built-in llama.cpp computes on this machine's GPU. */
  readonly builtInUsesGpu: boolean;
};

/** A program that an engine lacks, and why it needs it. */
type Lack = { readonly program: string; readonly because: string };

/** Throws `engine_missing` with all engines whose program is not on the PATH. */
export function checkPrograms(plan: StackPlan, facts: ProgramFacts): void {
  const missing = new Set<string>();
  const complaints = new Set<string>();
  for (const service of plan.services) {
    for (const { engine } of service.replicas) {
      const lack = 'url' in engine ? null : lackOf(engine, facts);
      if (lack === null) continue;
      missing.add(lack.program);
      complaints.add(
        `engine ${service.engine} of service ${service.name} needs the program \`${lack.program}\` on the PATH${lack.because}, or Docker`,
      );
    }
  }
  if (missing.size === 0) return;
  throw new LlmOpsError('engine_missing', [...complaints].join('\n'), {
    hint: `Install ${[...missing].join(' and ')}, or start Docker and run the stack there.`,
    details: { programs: [...missing] },
  });
}

function lackOf(engine: EnginePlan, { programs, path, builtInUsesGpu }: ProgramFacts): Lack | null {
  if (isBuiltIn(engine, programs) && engine.gpus.length > 0 && !builtInUsesGpu)
    return { program: 'llama-server', because: ' for its GPU (what is built in has none)' };
  const program = neededProgram(engine, programs);
  if (program === null || findOnPath(program, path) !== null) return null;
  return { program, because: '' };
}
