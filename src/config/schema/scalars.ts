/** Parsers of single values that the schemas read with `value(…)`. */
import { isIP } from 'node:net';
import { mismatch, quoted } from '../values/mismatch.ts';
import { resolvePath } from '../values/model-source.ts';
import { nearest } from './mapping.ts';

/** What the worker takes at most, too (`src/worker/main.ts`). */
const MOST_WORKERS = 64;

/** A whole number within bounds, bounds included. */
export function parseWhole(value: unknown, min: number, max: number): number {
  const hint = `a whole number from ${min} to ${max}`;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw mismatch(`${quoted(value)} does not fit`, hint);
  return value;
}

export function parsePort(value: unknown): number {
  return parseWhole(value, 1, 65_535);
}

export function parseReplicas(value: unknown): number {
  const isRange = typeof value === 'object' || (typeof value === 'string' && value.includes('..'));
  if (isRange && value !== null)
    throw mismatch(
      'a range of replicas: only numbers are supported so far',
      'a whole number from 1 to 64',
    );
  return parseWhole(value, 1, 64);
}

/** How many processes a worker has. */
export function parseWorkers(value: unknown): number | 'auto' {
  if (value === 'auto') return value;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_WORKERS)
    return value;
  throw mismatch(
    `${quoted(value)} does not fit`,
    `a whole number from 1 to ${MOST_WORKERS}, or \`auto\`: one for each core`,
  );
}

/** One of some words. */
export function parseWord<T extends string>(value: unknown, words: readonly T[], noun: string): T {
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  const near = typeof value === 'string' ? nearest(value, words) : undefined;
  const names = words.length > 0 ? `there are: ${words.join(', ')}` : 'there are none';
  throw mismatch(
    `${quoted(value)} is not ${noun}`,
    near === undefined ? names : `${near} ${names}`,
  );
}

/** Text that matches a pattern. */
export function parseText(value: unknown, pattern: RegExp, hint: string): string {
  if (typeof value !== 'string' || !pattern.test(value))
    throw mismatch(`${quoted(value)} does not fit`, hint);
  return value;
}

/** An absolute path. */
export function parseDirectory(value: unknown, directory: string): string {
  return resolvePath(parseText(value, /./, 'the path of a directory'), directory);
}

export function parseStackName(value: unknown): string {
  return parseText(
    value,
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    'lower-case letters, digits, - and _, a letter or digit first, at most 63 characters',
  );
}

export function parseDomain(value: unknown): string {
  return parseText(
    value,
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i,
    'a host name alone, such as `llm.example.org`',
  );
}

export function parseListen(value: unknown): string {
  if (typeof value !== 'string' || isIP(value) === 0)
    throw mismatch(
      `${quoted(value)} is no IP address`,
      '`127.0.0.1` (this machine alone), `0.0.0.0` (everybody), or an address of this machine',
    );
  return value;
}

export function parseEmail(value: unknown): string {
  return parseText(value, /^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an address such as `admin@example.org`');
}

export function parseImage(value: unknown): string {
  return parseText(
    value,
    /^[a-z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?$/,
    'an image such as `vllm/vllm-openai:v0.11.0`',
  );
}

/** One argument of a command. */
export function parseArgument(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw mismatch(
    `${quoted(value)} is no argument`,
    'text, a number, true or false; put quotes around anything else',
  );
}
