/** What the real vLLM answered to each case: written when the suite runs against it, and compared with whatever else speaks its API. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Shape } from './to-shape.ts';

const FILE = new URL('recorded-replies.json', import.meta.url);

/** By the names of the cases. */
export type Recording = Readonly<Record<string, Shape>>;

export async function readRecording(): Promise<Recording> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Recording;
}

export async function writeRecording(recording: Recording): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(recording, null, 2)}\n`);
}
