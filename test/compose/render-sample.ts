/** Renders a plan with the product's own templates, or with some of them replaced. */
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadParts, type ComposeParts } from '../../src/compose/load-parts.ts';
import { COMPOSE_FILE, renderCompose } from '../../src/compose/render-compose.ts';
import type { StackPlan } from '../../src/plan/stack-plan.ts';

export const TEMPLATES = join(import.meta.dirname, '../../templates/compose');

const shipped = await loadParts(TEMPLATES);

export function partsWith(texts: Readonly<Record<string, string>>): ComposeParts {
  return {
    directory: 'templates/compose',
    texts: new Map([...shipped.texts, ...Object.entries(texts)]),
  };
}

export function renderSample(
  plan: StackPlan,
  texts: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, string> {
  const files = renderCompose(plan, {
    parts: partsWith(texts),
    version: '1.2.3',
    buildContext: '.',
    origin: 'llm-ops.yml',
  });
  return new Map(files.map(({ path, text }) => [path, text]));
}

export type ComposeService = {
  readonly image?: string;
  readonly build?: unknown;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly networks?: Readonly<Record<string, { readonly aliases?: readonly string[] }>>;
  readonly ports?: readonly string[];
  readonly extra_hosts?: readonly string[];
  readonly shm_size?: string;
  readonly init?: boolean;
  readonly stop_grace_period?: string;
  readonly configs?: readonly Readonly<Record<string, unknown>>[];
  readonly deploy?: unknown;
};

export type ComposeFile = {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly configs?: Readonly<Record<string, unknown>>;
};

/** The Compose file as a YAML reader has it. */
export function composeFile(
  plan: StackPlan,
  texts: Readonly<Record<string, string>> = {},
): ComposeFile {
  return parse(renderSample(plan, texts).get(COMPOSE_FILE)!) as ComposeFile;
}

/** Label keys end with these: the router's name stands between. */
export function labelOf(service: ComposeService | undefined, ending: string): string | undefined {
  return Object.entries(service?.labels ?? {}).find(([key]) => key.endsWith(ending))?.[1];
}
