/** The file beside the worker's configuration that says what engines do while they are not ready. The worker puts it into its refusals. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { ENGINE_PROGRESS_FILE, type EngineProgressFile } from '../../config/worker-config.ts';
import { workerDirectory, writeAtomically } from '../state/state-directory.ts';

/** The worker believes what is written for a minute. */
const WRITE_AGAIN_MS = 20_000;

export class EngineProgress {
  readonly #file: string;
  readonly #onProblem: (error: unknown) => void;
  /** Phrases by replica id. */
  readonly #phrases = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(directory: string, onProblem: (error: unknown) => void) {
    this.#file = join(workerDirectory(directory), ENGINE_PROGRESS_FILE);
    this.#onProblem = onProblem;
  }

  /** null: there is nothing to tell, or no longer. It is written when it is another one, and again and again as long as it is true. */
  tell(unit: string, phrase: string | null): void {
    if ((this.#phrases.get(unit) ?? null) === phrase) return;
    if (phrase === null) this.#phrases.delete(unit);
    else this.#phrases.set(unit, phrase);
    this.#write();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer =
      this.#phrases.size === 0 ? null : setInterval(() => this.#write(), WRITE_AGAIN_MS).unref();
  }

  #write(): void {
    const at_ms = Date.now();
    const entries = [...this.#phrases].map(([unit, text]) => [unit, { text, at_ms }] as const);
    const file: EngineProgressFile = Object.fromEntries(entries);
    try {
      if (entries.length === 0) rmSync(this.#file, { force: true });
      else writeAtomically(this.#file, `${JSON.stringify(file, null, 2)}\n`);
    } catch (error) {
      this.#onProblem(error);
    }
  }
}
