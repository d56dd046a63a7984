/** The chat templates of known model families, each in a directory as its models have it. */
import { readdir } from 'node:fs/promises';

import { readOwnTemplate } from '../../../src/prompts/chat/read-own-template.ts';
import type { OwnTemplate } from '../../../src/prompts/chat/read-own-template.ts';

const FIXTURES = new URL('fixtures/', import.meta.url);

export type Family = { readonly name: string; readonly template: OwnTemplate };

export function familyDirectory(name: string): string {
  return new URL(name, FIXTURES).pathname;
}

export async function readFamilies(): Promise<readonly Family[]> {
  const names = (await readdir(FIXTURES)).toSorted();
  return await Promise.all(
    names.map(async (name) => {
      const template = await readOwnTemplate(familyDirectory(name));
      if (template === null) throw new Error(`${name} has no template`);
      return { name, template };
    }),
  );
}
