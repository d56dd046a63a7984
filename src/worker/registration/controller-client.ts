/**
 * What a worker says to a FastChat controller (`fastchat/serve/controller.py`, FastChat 0.2.36; the same since 0.2.29). All are POSTs with
 * JSON bodies, and there is none to take one's leave.
 */
import { z } from 'zod';

/** FastChat's own workers wait as long. */
const TIMEOUT_MS = 5_000;

const HeartBeatReply = z.looseObject({ exist: z.boolean() });

/** Each throws when the controller does not answer with status 200 in time, or as the signal aborts. */
export type ControllerClient = {
  /**
   * Makes the worker known. The status comes along: without it the controller would ask for it at once, and answer nobody else until then.
   * So that it knows the worker says nothing of whether it reaches it.
   */
  readonly register: (queueLength: number) => Promise<void>;
  /** Tells that the worker lives. Returns whether the controller knows it. */
  readonly beat: (queueLength: number) => Promise<boolean>;
  /** Makes the controller ask all its workers for their status and forget those that do not answer with 200. */
  readonly refresh: () => Promise<void>;
};

export type ControllerFacts = {
  readonly url: string;
  /** Where FastChat's servers reach the worker: its name at the controller. */
  readonly workerAddress: string;
  /** Name of the one model. */
  readonly model: string;
  readonly timeoutMs?: number;
};

export function openController(facts: ControllerFacts, signal: AbortSignal): ControllerClient {
  const { url, workerAddress: worker_name, model, timeoutMs = TIMEOUT_MS } = facts;
  const post = async (path: string, body?: unknown): Promise<unknown> => {
    const reply = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      method: 'POST',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const text = await reply.text();
    if (reply.status !== 200) throw new Error(`${path} answered with status ${reply.status}`);
    return JSON.parse(text) as unknown;
  };
  return {
    register: async (queue_length) => {
      const worker_status = { model_names: [model], speed: 1, queue_length };
      const registration = { worker_name, check_heart_beat: true, worker_status };
      await post('/register_worker', { ...registration, multimodal: false });
    },
    beat: async (queue_length) => {
      const reply = await post('/receive_heart_beat', { worker_name, queue_length });
      return HeartBeatReply.parse(reply).exist;
    },
    refresh: async () => {
      await post('/refresh_all_workers');
    },
  };
}
