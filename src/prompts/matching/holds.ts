import type { Condition } from './rule.ts';

/** The text of a file, or null when there is none. A relative path is the working directory's. */
export type ReadFile = (path: string) => string | null;

/** Whether a condition of a rule holds for a model's path. */
export function holds(condition: Condition, path: string, readFile: ReadFile): boolean {
  const isTrue = (inner: Condition) => holds(inner, path, readFile);
  if (typeof condition === 'string') return path.toLowerCase().includes(condition);
  if ('hasExactly' in condition) return path.includes(condition.hasExactly);
  if ('is' in condition) return condition.is.includes(path);
  if ('isInAnyCase' in condition) return condition.isInAnyCase.includes(path.toLowerCase());
  if ('matches' in condition) return condition.matches.test(path);
  if ('lastPartHas' in condition) return lastPart(path).includes(condition.lastPartHas);
  if ('hasFile' in condition) return readFile(inDirectory(path, condition.hasFile)) !== null;
  if ('not' in condition) return !isTrue(condition.not);
  if ('any' in condition) return condition.any.some(isTrue);
  return condition.all.every(isTrue);
}

/** As `os.path.join`, which FastChat asks with; node's `join` would also resolve `..`, and so pass over links. */
export function inDirectory(path: string, file: string): string {
  return path === '' || path.endsWith('/') ? path + file : `${path}/${file}`;
}

function lastPart(path: string): string {
  return path.replace(/\/$/, '').split('/').at(-1) ?? '';
}
