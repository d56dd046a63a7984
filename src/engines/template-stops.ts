/** Stop tokens of a template, less those that the engine's model does not have: a template may be written for its family's other model. */
import { LlmOpsError } from '../errors.ts';
import type { Sampling } from './engine.ts';

export class TemplateStops {
  readonly #unknown = new Set<number>();

  /** The engine may be another one from now on. */
  forget(): void {
    this.#unknown.clear();
  }

  /** Those of the template that the engine is not known to lack, without those that the client asked for. */
  known({ stopTokenIds, templateStopTokenIds = [] }: Sampling): readonly number[] {
    const asked = new Set(stopTokenIds);
    return templateStopTokenIds.filter((id) => !asked.has(id) && !this.#unknown.has(id));
  }

  /** That there is no such token. */
  drop(id: number): void {
    this.#unknown.add(id);
  }

  /**
   * Takes in what an engine refused, and returns whether it may be asked once more. vLLM 0.32 refuses every request that names a token
   * which its model does not have, in the first event of a stream:
   * `token_id(s) [32000] in stop_token_ids contain out-of-vocab token ids. Vocabulary size: 32000`.
   */
  learn(error: unknown, sampling: Sampling): boolean {
    if (!(error instanceof LlmOpsError) || error.param !== 'stop_token_ids') return false;
    const [, list = ''] = /\[([\d, ]+)\]/.exec(error.message) ?? [];
    const refused = new Set(list.split(',').map(Number));
    const { stopTokenIds, templateStopTokenIds = [] } = sampling;
    // Also those that another request dropped meanwhile: this one was sent with them.
    const sent = templateStopTokenIds.filter((id) => refused.has(id) && !stopTokenIds.includes(id));
    for (const id of sent) this.drop(id);
    return sent.length > 0;
  }
}
