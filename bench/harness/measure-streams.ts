/** A steady load of streams on one target, of all ages, looked at for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestShape, RunningTarget } from '../targets/target.ts';
import type { StreamForm } from './client/answer-end.ts';
import { type OpenStreams, openStreams } from './client/streams.ts';
import type { StreamsSeen, StreamTimes } from './client/tally.ts';
import { cpuBetweenNs, readCpu } from './cpu.ts';
import type { BenchEngine } from './engine/engine.ts';
import { watchQuiet } from './quiet.ts';

export type StreamLoad = {
  readonly engine: BenchEngine;
  readonly target: RunningTarget;
  readonly shape: RequestShape;
  readonly form: StreamForm;
  readonly streams: number;
  /** Of each answer. */
  readonly tokens: number;
  readonly intervalMs: number;
  readonly windowMs: number;
  readonly keepTimes?: boolean;
};

/** Of the window alone. */
export type StreamWindow = {
  readonly elapsedMs: number;
  /** Written by the engine. */
  readonly chunks: number;
  /** Of the target's process tree; 0 for the engine itself. */
  readonly cpuNs: number;
  readonly reads: number;
  readonly bytes: number;
  readonly frames: number;
  readonly answers: number;
  /** Since the streams were opened. */
  readonly errors: number;
  readonly firstError: string | null;
  readonly times: StreamTimes;
  /** The machine was not ours. */
  readonly wasBusy: boolean;
};

/** Starts cost more than chunks: many streams take longer to open. */
const RAMP_MS_PER_STREAM = 2;
const LEAST_RAMP_MS = 300;
/** After the last stream was opened: the first answers begin with much text at once. */
const SETTLE_MS = 300;
/** For a target to tidy up: behind clients that left, and behind answers that broke off because it went on reading them. */
const REST_MS = 100;

/** Leaves the engine in a mode without `isMidway`. */
export async function measureStreams(load: StreamLoad): Promise<StreamWindow> {
  const { engine, target, shape, form, tokens, intervalMs, windowMs, keepTimes = false } = load;
  const mode = { tokens, intervalMs, firstTokenMs: 0 };
  const rampMs = Math.max(LEAST_RAMP_MS, load.streams * RAMP_MS_PER_STREAM);
  await engine.setMode({ ...mode, isMidway: true });
  const streams = openStreams({
    ...{ port: target.port, shape, form, keepTimes },
    concurrency: load.streams,
    rampMs,
  });
  try {
    await sleep(rampMs + SETTLE_MS);
    await engine.setMode(mode);
    return await lookAt(streams, { engine, target, windowMs });
  } finally {
    streams.stop();
    await sleep(REST_MS);
    await engine.breakOff();
    await sleep(REST_MS);
  }
}

async function lookAt(
  streams: OpenStreams,
  { engine, target, windowMs }: Pick<StreamLoad, 'engine' | 'target' | 'windowMs'>,
): Promise<StreamWindow> {
  const { rootPid } = target;
  const readTarget = () => (rootPid === null ? new Map<string, number>() : readCpu(rootPid));
  const watch = watchQuiet();
  streams.takeTimes();
  const chunksBefore = (await engine.counts()).chunks;
  const [seenBefore, cpuBefore, beganMs] = [streams.seen(), readTarget(), performance.now()];
  await sleep(windowMs);
  const chunks = (await engine.counts()).chunks - chunksBefore;
  const [seen, cpu] = [streams.seen(), readTarget()];
  const elapsedMs = performance.now() - beganMs;
  return {
    elapsedMs,
    chunks,
    cpuNs: cpuBetweenNs(cpuBefore, cpu),
    ...since(seenBefore, seen),
    times: streams.takeTimes(),
    wasBusy: watch.wasBusy(),
  };
}

function since(before: StreamsSeen, now: StreamsSeen): StreamsSeen {
  return {
    reads: now.reads - before.reads,
    bytes: now.bytes - before.bytes,
    frames: now.frames - before.frames,
    answers: now.answers - before.answers,
    errors: now.errors,
    firstError: now.firstError,
  };
}
