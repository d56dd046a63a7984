/**
 * Makes what belongs to a text once, and gives the same again as long as it is among the `most` texts asked for last. Errors are not
 * kept: `make` runs again.
 */
export function remember<T>(
  make: (text: string) => T,
  { most }: { most: number },
): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    const value = made.has(text) ? (made.get(text) as T) : make(text);
    // At the end of the map are the newest.
    made.delete(text);
    made.set(text, value);
    const [oldest] = made.keys();
    if (made.size > most && oldest !== undefined) made.delete(oldest);
    return value;
  };
}
