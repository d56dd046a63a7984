/** How much of a proof is run: the issue's own figures, or `LLM_OPS_LOAD=short`, which shows in seconds that a proof still works. */
const IS_SHORT = process.env['LLM_OPS_LOAD'] === 'short';

/** The figure to run with. */
export function scaled(full: number, short: number): number {
  return IS_SHORT ? short : full;
}
