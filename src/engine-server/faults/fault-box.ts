import { LlmOpsError } from '../../errors.ts';
import type { FaultPlan, FaultRule, Faults } from './faults.ts';

const NONE: Faults = {};

/** The faults in force. */
export class FaultBox {
  readonly #canExit: boolean;
  #plan: FaultPlan = NONE;
  #thaw: PromiseWithResolvers<undefined> | null = null;

  /** `canExit`: whether `exit_at_token` may end this process. */
  constructor(canExit: boolean) {
    this.#canExit = canExit;
  }

  /** Replaces all faults, and ends a freeze. Throws `param_out_of_range` for `exit_at_token` in a process that is not the engine server's own. */
  set(plan: FaultPlan): void {
    if (!this.#canExit && toList(plan).some((faults) => faults.exit_at_token !== undefined)) {
      throw new LlmOpsError(
        'param_out_of_range',
        'exit_at_token works only in the engine server that runs as a program.',
        { param: 'exit_at_token' },
      );
    }
    this.#plan = plan;
    this.#thaw?.resolve(undefined);
    this.#thaw = null;
    if ('freeze' in plan && plan.freeze === true) this.#freeze();
  }

  /** The faults that the requests to come will meet. */
  get current(): FaultPlan {
    return this.#plan;
  }

  /** Resolves when the server may go on; null: it is not frozen. */
  get frozen(): Promise<undefined> | null {
    return this.#thaw?.promise ?? null;
  }

  /** The faults for one request, which uses up an entry of a script, or one of `times`. `promptText` is asked only where there are rules. */
  take(promptText: () => string): Faults {
    const faults = this.#next(promptText);
    if (faults.freeze === true) this.#freeze();
    return faults;
  }

  #next(promptText: () => string): Faults {
    const plan = this.#plan;
    if ('script' in plan) {
      const [faults = NONE, ...script] = plan.script;
      this.#plan = script.length === 0 ? NONE : { script };
      return faults;
    }
    if ('rules' in plan) {
      const text = promptText();
      const met = plan.rules.find(({ match }) => text.includes(match));
      if (met === undefined) return NONE;
      const rules = plan.rules.flatMap((rule) => (rule === met ? toRest(rule) : [rule]));
      this.#plan = rules.length === 0 ? NONE : { rules };
      return met;
    }
    this.#plan = toRest(plan)[0] ?? NONE;
    return plan;
  }

  #freeze(): void {
    this.#thaw ??= Promise.withResolvers<undefined>();
  }
}

function toList(plan: FaultPlan): readonly Faults[] {
  if ('script' in plan) return plan.script;
  return 'rules' in plan ? plan.rules : [plan];
}

/** What is left of faults that one request has met: the same, or with one of its `times` less, or nothing. */
function toRest<Some extends Faults | FaultRule>(met: Some): readonly Some[] {
  if (met.times === undefined) return [met];
  return met.times === 1 ? [] : [{ ...met, times: met.times - 1 }];
}
