/** Decides how each service's conversations become prompts: what the user chose, or what the model on this machine and its name tell. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';

import { type ModelSource, printModelSource } from '../config/values/model-source.ts';
import type { TemplateOrigin } from '../config/values/template-choice.ts';
import type { WorkerTemplate } from '../config/worker-config.ts';
import { LlmOpsError } from '../errors.ts';
import { readGguf } from '../models/describe/read-gguf.ts';
import type { ModelForm, ModelStore } from '../models/model-store.ts';
import type { ChosenTemplate, ServicePlan, StackPlan } from '../plan/stack-plan.ts';
import { checkChatTemplate } from '../prompts/chat/check-chat-template.ts';
import { type OwnTemplate, readOwnTemplate } from '../prompts/chat/read-own-template.ts';
import type { ConversationTemplate } from '../prompts/conversation-template.ts';
import { findTemplateName } from '../prompts/find-template-name.ts';
import { loadTemplateFile } from '../prompts/load-templates.ts';
import { matchTemplate } from '../prompts/matching/match-template.ts';

export type ChooseTemplatesOptions = {
  /** Ours and the user's, by name. */
  readonly templates: ReadonlyMap<string, ConversationTemplate>;
  /** null: nothing of this machine may show in the result, since it is for another one. */
  readonly store: Pick<ModelStore, 'locate' | 'list'> | null;
};

export type ChosenTemplates = {
  /** By service. */
  readonly templates: ReadonlyMap<string, ChosenTemplate>;
  readonly warnings: readonly string[];
};

/**
 * For a plan as it was made: once its sources are paths of a cache, a model's name is hidden in them. Reads files of this machine, and no network. Throws `config_invalid` for a template of the
 * user's that is broken; one that came with a model is told in a warning, and the next choice is taken.
 */
export async function chooseTemplates(
  { services }: StackPlan,
  options: ChooseTemplatesOptions,
): Promise<ChosenTemplates> {
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const chosen = services.map(
    async (service) => [service.name, await choose(service, { ...options, warn })] as const,
  );
  const templates = new Map(await Promise.all(chosen));
  for (const service of services) {
    const kind = templates.get(service.name)?.template?.kind;
    if (service.controller !== null && kind !== 'conversation') warn(unfitForFastchat(service));
  }
  return { templates, warnings };
}

/** Its servers fetch the template and render by themselves; without one they answer 500 to everything (docs/fastchat.md). */
function unfitForFastchat({ name }: ServicePlan): string {
  return (
    `${name}: it has no conversation template, so FastChat’s servers behind its controller answer 500 for it. ` +
    '`template:` chooses one of those that `llm-ops template list` shows'
  );
}

/** The plan with the templates in it. Pure. */
export function withTemplates(
  plan: StackPlan,
  { templates, warnings }: ChosenTemplates,
): StackPlan {
  const services = plan.services.map((service) => {
    const chosen = templates.get(service.name) ?? null;
    return { ...service, template: { ...service.template, chosen } };
  });
  return { ...plan, services, warnings: [...plan.warnings, ...warnings] };
}

type Chooser = ChooseTemplatesOptions & { readonly warn: (text: string) => void };

async function choose(service: ServicePlan, chooser: Chooser): Promise<ChosenTemplate> {
  const { from } = service.template.choice;
  switch (from.kind) {
    case 'engine':
      return { template: null, why: 'the configuration says so' };
    case 'named':
      return { template: named(from.name, chooser), why: 'the configuration names it' };
    case 'file':
      return { template: await readTemplateFile(from.path, service, chooser), why: 'a file' };
    case 'chat':
      return { template: await written(from, service, chooser), why: 'it is in the configuration' };
    case 'auto':
      return chooseByModel(service, chooser);
  }
}

/** The model's own, else the one that its name asks for, else the engine's. */
async function chooseByModel(service: ServicePlan, chooser: Chooser): Promise<ChosenTemplate> {
  const source = sourceOf(service);
  const path = await findPath(service, chooser);
  const own = await readOwn(path).catch((error: unknown) => {
    if (!(error instanceof LlmOpsError)) throw error;
    chooser.warn(`${service.name}: the model's own chat template is passed over: ${error.message}`);
    return null;
  });
  if (own !== null)
    return { template: toWorkerTemplate(own, `${service.name}’s own`), why: `from ${own.origin}` };
  if (await hasTemplateInside(path))
    return { template: null, why: 'the GGUF file has its own, which its engine applies' };
  const isOurs = service.replicas.some(({ engine }) => !('url' in engine));
  // What an engine that runs already has loaded, nobody told us.
  if (!isOurs) return { template: null, why: 'the engine runs already, and has its model’s own' };
  const name = source === null ? service.name : matchableName(source);
  const match = matchTemplate(name, { dialect: 'fastchat' });
  const known = match.isFallback
    ? null
    : findTemplateName(chooser.templates, 'fastchat', match.template);
  const conversation = known === null ? undefined : chooser.templates.get(known);
  if (conversation === undefined)
    return { template: null, why: `no template is known for ${name}` };
  return { template: { kind: 'conversation', conversation }, why: `${name} is called so` };
}

/** An id at the hub without its revision and file, or the path inside a wheel: what tells the family. */
function matchableName(source: ModelSource): string {
  return source.kind === 'hub' ? source.id : printModelSource(source);
}

function named(name: string, { templates }: Chooser): WorkerTemplate {
  const conversation = templates.get(name);
  if (conversation !== undefined) return { kind: 'conversation', conversation };
  throw new LlmOpsError('config_invalid', `there is no conversation template ${name}`, {
    hint: '`llm-ops template list` shows those that there are.',
  });
}

/** `.yml`: a conversation template. Anything else: Jinja, with the tokens of the model where they are known. */
async function readTemplateFile(
  file: string,
  service: ServicePlan,
  chooser: Chooser,
): Promise<WorkerTemplate> {
  if (/^\.ya?ml$/i.test(extname(file)))
    return { kind: 'conversation', conversation: await loadTemplateFile(file) };
  const source = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmOpsError('config_invalid', `cannot read ${file}: ${reason}`, { cause });
  });
  checkChatTemplate(source, file);
  const own = await readOwnIfGood(service, chooser);
  return toWorkerTemplate({ ...NO_TOKENS, ...own, source }, basename(file));
}

const NO_TOKENS = { bosToken: null, eosToken: null, otherTokens: {}, specialTokens: [] };

async function written(
  { source, bosToken, eosToken }: Extract<TemplateOrigin, { kind: 'chat' }>,
  service: ServicePlan,
  chooser: Chooser,
): Promise<WorkerTemplate> {
  checkChatTemplate(source, `${service.name}: chat_template`);
  const own = await readOwnIfGood(service, chooser);
  return toWorkerTemplate(
    {
      source,
      bosToken: bosToken ?? own?.bosToken ?? null,
      eosToken: eosToken ?? own?.eosToken ?? null,
      otherTokens: own?.otherTokens ?? {},
      specialTokens: own?.specialTokens ?? [],
    },
    `${service.name}’s chat_template`,
  );
}

function toWorkerTemplate(
  {
    source,
    bosToken,
    eosToken,
    otherTokens,
    specialTokens,
  }: Omit<OwnTemplate, 'origin' | 'toolSource'>,
  name: string,
): WorkerTemplate {
  return {
    kind: 'chat',
    name,
    source,
    bos_token: bosToken,
    eos_token: eosToken,
    other_tokens: otherTokens,
    special_tokens: specialTokens,
  };
}

/** For its tokens alone: what is wrong with it does not matter where another template is used. */
async function readOwnIfGood(service: ServicePlan, chooser: Chooser): Promise<OwnTemplate | null> {
  const path = await findPath(service, chooser);
  return readOwn(path).catch(() => null);
}

/** null: the model is not on this machine, or has none. */
async function readOwn(path: string | null): Promise<OwnTemplate | null> {
  if (path === null) return null;
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  return readOwnTemplate(found.isDirectory() ? path : dirname(path));
}

/** Whether a GGUF file has a chat template among its metadata. One that cannot be read is its engine's to refuse. */
async function hasTemplateInside(path: string | null): Promise<boolean> {
  if (path === null || !path.toLowerCase().endsWith('.gguf')) return false;
  const facts = await readGguf([path]).catch(() => null);
  return (facts?.chatTemplate ?? null) !== null;
}

/** Where the model lies on this machine; null: it does not, or nobody may look. */
async function findPath(service: ServicePlan, { store }: Chooser): Promise<string | null> {
  const source = sourceOf(service);
  if (source === null || store === null) return null;
  return source.kind === 'path' ? source.path : locate(source, service, store);
}

/** Also what is there only in part: vLLM may be fetching the weights right now. */
async function locate(
  source: Exclude<ModelSource, { kind: 'path' }>,
  service: ServicePlan,
  store: NonNullable<Chooser['store']>,
): Promise<string | null> {
  const form: ModelForm = service.engine === 'llama.cpp' ? 'gguf' : 'directory';
  const located = await store.locate(source, form).catch(() => null);
  if (located !== null) return located.path;
  if (source.kind !== 'hub') return null;
  const wanted = source.revision ?? 'main';
  const stored = (await store.list()).find(
    ({ source: written, refs, revision }) =>
      written.split(/[@:]/)[0] === source.id && (refs.includes(wanted) || revision === wanted),
  );
  return stored?.path ?? null;
}

function sourceOf({ replicas }: ServicePlan): ModelSource | null {
  const engine = replicas[0]?.engine;
  return engine === undefined || 'url' in engine ? null : engine.source;
}
