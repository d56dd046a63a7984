/** What the command line hands to a detached supervisor: the plan to carry out. */
import { readFileSync, rmSync } from 'node:fs';

import { z } from 'zod';

import type { StackPlan } from '../../plan/stack-plan.ts';
import { writeAtomically } from './state-directory.ts';

const Job = z.object({
  /** Comes back in the state file when the job is done. */
  id: z.string(),
  // Written by this version of the product and read by it: the planner has checked it.
  plan: z.custom<StackPlan>((value) => typeof value === 'object' && value !== null),
  directory: z.string(),
  programs: z.object({
    engineServer: z.string(),
    worker: z.string(),
    llama: z.string(),
    llamaPackage: z.string().nullable(),
  }),
  timing: z.object({
    firstPauseMs: z.number(),
    maxPauseMs: z.number(),
    resetAfterMs: z.number(),
    graceMs: z.number(),
    pollMs: z.number(),
    settleMs: z.number(),
    startTimeoutMs: z.number(),
    lookMs: z.number(),
  }),
  /** Variables that a running supervisor cannot have from its own start; null: not set. They may be secrets. */
  env: z.record(z.string(), z.string().nullable()),
});
export type Job = Readonly<z.infer<typeof Job>>;

export function writeJob(file: string, job: Job): void {
  writeAtomically(file, JSON.stringify(job));
}

/** Reads a job and removes its file at once: values of variables do not stay on the disk. */
export function takeJob(file: string): Job {
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  return Job.parse(JSON.parse(text));
}
