/** A load of many tenants, each of whom asks again and again behind the same long beginning: instructions, documents, examples. */

export type TenantsOptions = {
  readonly tenants: number;
  /** Requests of each. */
  readonly each: number;
  /** Of the beginning that a tenant's requests share. */
  readonly prefixTokens: number;
  /** Makes other texts of all, so that no cache has seen them. */
  readonly salt: string;
  /** In [0, 1). */
  readonly random: () => number;
};

/** As many prompts as there are requests, in a random order: each tenant's beginning, and a question that nobody asked before. */
export function tenantPrompts(options: TenantsOptions): readonly string[] {
  const { tenants, each, random, salt } = options;
  const prefixes = Array.from({ length: tenants }, (_, tenant) => tenantPrefix(options, tenant));
  const prompts = Array.from({ length: tenants * each }, (_, at) => ({
    place: random(),
    text: `${prefixes[at % tenants] ?? ''} Question ${at} of ${salt}: what follows from that?`,
  }));
  return prompts.sort((a, b) => a.place - b.place).map(({ text }) => text);
}

/** Short prompts with nothing in common. */
export function plainPrompts({ count, salt }: { readonly count: number; readonly salt: string }) {
  return Array.from({ length: count }, (_, at) => `${at} of ${salt} asks: which way is it?`);
}

/** Words that are one token each to the simulator: at most four bytes with the space before them. */
const WORDS = ['the', 'old', 'box', 'and', 'its', 'own', 'log', 'say', 'how', 'far', 'we', 'go'];

type PrefixOptions = Pick<TenantsOptions, 'prefixTokens' | 'salt'>;

/** About so many tokens; no other tenant's begins like it. */
export function tenantPrefix({ prefixTokens, salt }: PrefixOptions, tenant: number): string {
  const words = Array.from({ length: prefixTokens }, (_, at) => WORDS[(at * 7 + tenant) % 12]);
  return `Tenant ${tenant} of ${salt}: ${words.join(' ')}.`;
}
