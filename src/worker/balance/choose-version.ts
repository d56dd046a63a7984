import { canServe, type ReplicaState } from './health.ts';

export type WeightedVersion = {
  readonly weight: number;
  readonly replicas: readonly { readonly state: ReplicaState }[];
};

/**
 * A version by its weight, among those that can answer. A version whose engines are all out gives its share to the others: a canary that
 * died must fail nobody. Weight 0 gets nothing, also when nothing else can answer, unless all weights are 0. `random` is in [0, 1).
 * Null only when there are no versions.
 */
export function chooseVersion<V extends WeightedVersion>(
  versions: readonly V[],
  random: number,
): V | null {
  const wanted = versions.filter(({ weight }) => weight > 0);
  const some = (can: (state: ReplicaState) => boolean): readonly V[] =>
    wanted.filter(({ replicas }) => replicas.some(({ state }) => can(state)));
  const choices = [some((state) => state === 'ready'), some(canServe), wanted, versions];
  const choice = choices.find(({ length }) => length > 0) ?? [];
  let left = random * choice.reduce((sum, { weight }) => sum + weight, 0);
  for (const version of choice) {
    left -= version.weight;
    if (left < 0) return version;
  }
  return choice.at(-1) ?? null;
}
