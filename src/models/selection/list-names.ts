const SHOWN = 12;

/** `a, b and 3 more`: names for a message, not too many. */
export function listNames(names: readonly string[]): string {
  const rest = names.length - SHOWN;
  const shown = names.slice(0, SHOWN).join(', ');
  return rest > 0 ? `${shown} and ${String(rest)} more` : shown;
}
