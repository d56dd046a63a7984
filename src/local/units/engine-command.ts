/** How an engine is started as a process of this machine. Pure. */
import { basename } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import { type ModelSource, printModelSource } from '../../config/values/model-source.ts';
import type { LogDialect } from '../../plan/load-progress.ts';
import type { EnginePlan, GpuPlan } from '../../plan/stack-plan.ts';

/** Absolute paths of our own programs. */
export type OwnPrograms = {
  readonly engineServer: string;
  readonly worker: string;
  /** The built-in llama.cpp. */
  readonly llama: string;
};

export type Programs = OwnPrograms & {
  /** Where the native package of the built-in llama.cpp lies; null: `llama-server` of the PATH takes its place. */
  readonly llamaPackage: string | null;
};

export type Command = {
  /** An absolute path, or a program to be found on the PATH. */
  readonly file: string;
  readonly args: readonly string[];
  /** On top of the environment of whoever starts the stack. null: passed on from there. */
  readonly env: Readonly<Record<string, string | null>>;
};

export type EngineCommandOptions = {
  /** The model's name in requests; null: whatever the engine calls it by itself. */
  readonly model: string | null;
  readonly port: number;
  readonly programs: Programs;
};

const HOST = '127.0.0.1';

/**
 * The command of an engine that listens on the loopback address only. The user's arguments come last, where the engines let them win,
 * and so do the user's variables. A source that was not fetched stands in it as the user wrote it: good enough to be compared, and
 * nothing to start. Throws `config_invalid` for what cannot run as a process.
 */
export function engineCommand(engine: EnginePlan, options: EngineCommandOptions): Command {
  const { model, port, programs } = options;
  const where = ['--host', HOST, '--port', String(port)];
  switch (engine.kind) {
    case 'sim':
      return {
        file: process.execPath,
        args: [
          programs.engineServer,
          ...['--model', model ?? simulatedModel(engine.source)],
          ...where,
          ...engine.args,
        ],
        env: engine.env,
      };
    case 'vllm':
      return {
        file: 'vllm',
        args: [
          'serve',
          ...vllmModel(engine.source, model),
          ...where,
          ...tensorParallel(engine),
          ...engine.args,
        ],
        env: { ...visibleGpus(engine.gpus), ...engine.env },
      };
    case 'llama.cpp': {
      const args = [...llamaModel(engine.source, model), ...where, ...idleUnload(engine)];
      if (programs.llamaPackage !== null)
        return {
          file: process.execPath,
          args: [programs.llama, '--package', programs.llamaPackage, ...args, ...engine.args],
          env: engine.env,
        };
      return {
        file: 'llama-server',
        args: [...args, '--metrics', ...gpuLayers(engine), ...engine.args],
        env: { ...visibleGpus(engine.gpus), ...engine.env },
      };
    }
    case 'openai':
      throw new LlmOpsError(
        'config_invalid',
        'an engine of the kind openai runs elsewhere: it needs a url',
      );
  }
}

/** The program that must be on the PATH to start an engine; null: it is one of our own. */
export function neededProgram(engine: EnginePlan, programs: Programs): string | null {
  if (engine.kind === 'vllm') return 'vllm';
  return engine.kind === 'llama.cpp' && programs.llamaPackage === null ? 'llama-server' : null;
}

/** Whether it is started with the native package that has to be fetched first. */
export function isBuiltIn(
  engine: EnginePlan | { readonly url: string },
  programs: Programs,
): boolean {
  return !('url' in engine) && engine.kind === 'llama.cpp' && programs.llamaPackage !== null;
}

/** How its log reads while it loads; null: it tells nothing. */
export function logDialect(engine: EnginePlan, programs: Programs): LogDialect | null {
  if (engine.kind === 'vllm') return 'vllm';
  if (engine.kind !== 'llama.cpp') return null;
  return isBuiltIn(engine, programs) ? 'built-in' : 'llama-server';
}

/** An engine without a GPU of its own sees none, as in a container; otherwise it would take its neighbours'. */
function visibleGpus(gpus: readonly GpuPlan[]): Readonly<Record<string, string>> {
  return { CUDA_VISIBLE_DEVICES: gpus.map((gpu) => gpu.id).join(',') };
}

function vllmModel(source: ModelSource | null, name: string | null): readonly string[] {
  const served = name === null ? [] : ['--served-model-name', name];
  if (source === null) return served;
  if (source.kind !== 'hub') return [printModelSource(source), ...served];
  const model = source.file === null ? source.id : `${source.id}:${source.file}`;
  return [model, ...served, ...(source.revision === null ? [] : ['--revision', source.revision])];
}

function tensorParallel({ gpus, args }: EnginePlan): readonly string[] {
  if (gpus.length < 2 || sets(args, ['--tensor-parallel-size', '-tp'])) return [];
  return ['--tensor-parallel-size', String(gpus.length)];
}

function llamaModel(source: ModelSource | null, name: string | null): readonly string[] {
  const model = source === null ? [] : ['--model', printModelSource(source)];
  return name === null ? model : [...model, '--alias', name];
}

function idleUnload({ idleUnloadS }: EnginePlan): readonly string[] {
  return idleUnloadS === null ? [] : ['--sleep-idle-seconds', String(idleUnloadS)];
}

/** More layers than any model has: all of them go to the GPU. */
function gpuLayers({ gpus, args }: EnginePlan): readonly string[] {
  const set = sets(args, ['-ngl', '--gpu-layers', '--n-gpu-layers']);
  return gpus.length === 0 || set ? [] : ['-ngl', '999'];
}

function sets(args: readonly string[], names: readonly string[]): boolean {
  return args.some((arg) => names.some((name) => arg === name || arg.startsWith(`${name}=`)));
}

function simulatedModel(source: ModelSource | null): string {
  if (source === null) return 'sim';
  return source.kind === 'hub' ? source.id : basename(source.path);
}
