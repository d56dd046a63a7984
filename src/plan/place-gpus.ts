/** Which replica gets which GPU. Docker does not allocate (`count: 1` gives every container GPU 0), so the plan does. */
import type { ServiceConfig, StackConfig } from '../config/stack-config.ts';
import { shortageError, type Inventory } from './gpu-shortage.ts';
import type { Gpu, HostFacts } from './host-facts.ts';
import { matchAll, matchMost } from './match-gpus.ts';
import type { GpuPlan } from './stack-plan.ts';

export type GpuPlacement = {
  /** By service name: for each replica its GPUs. No GPU is there twice. */
  readonly gpus: ReadonlyMap<string, readonly (readonly GpuPlan[])[]>;
  readonly warnings: readonly string[];
};

/** One GPU that one replica needs. */
type Slot = {
  readonly service: ServiceConfig;
  readonly replica: number;
  readonly pin: string | null;
};

/**
 * Places all replicas of all services on the GPUs that `nvidia-smi` told, else on those of `hosts.gpus`, else by position. If an
 * assignment exists it is found; of several the one with the lowest indexes in the order of the file. Throws `gpu_shortage`.
 */
export function placeGpus(config: StackConfig, host: HostFacts): GpuPlacement {
  const slots = config.services.flatMap(slotsOf);
  const inventory = inventoryOf(config, host);
  const [pinned, free] = [
    slots.filter(({ pin }) => pin !== null),
    slots.filter(({ pin }) => pin === null),
  ];

  const placed = new Map<Slot, GpuPlan>();
  const pins = placePins(pinned, inventory);
  for (const [slot, gpu] of pins.placed) placed.set(slot, gpu);
  const taken = new Set([...placed.values()].map(({ id }) => id));
  const rest =
    inventory.gpus === null
      ? byPosition(free, taken)
      : byDemand(free, { ...inventory, gpus: inventory.gpus.filter(({ id }) => !taken.has(id)) });
  if (pins.problems.length > 0 || rest.unplaced.length > 0)
    throw shortageError({
      services: config.services,
      inventory,
      problems: pins.problems,
      unplaced: rest.unplaced.map(({ service }) => service.name),
    });
  for (const [slot, gpu] of rest.placed) placed.set(slot, gpu);

  const gpus = new Map(
    config.services.map((service) => [
      service.name,
      Array.from({ length: service.replicas }, (_, replica) =>
        slots
          .filter((slot) => slot.service === service && slot.replica === replica)
          .map((slot) => placed.get(slot))
          .filter((gpu) => gpu !== undefined),
      ),
    ]),
  );
  return { gpus, warnings: warningsOf({ slots, free, inventory }) };
}

function slotsOf(service: ServiceConfig): readonly Slot[] {
  const { gpu, replicas } = service;
  if (gpu === null) return [];
  return Array.from({ length: replicas * gpu.count }, (_, at) => ({
    service,
    replica: Math.floor(at / gpu.count),
    pin: gpu.ids[at] ?? null,
  }));
}

function inventoryOf(config: StackConfig, host: HostFacts): Inventory {
  if (host.gpus !== null) return { origin: 'nvidia-smi', gpus: host.gpus };
  if (config.hosts.gpus === null) return { origin: 'none', gpus: null };
  const gpus = config.hosts.gpus.map((gpu, index) => ({ id: String(index), index, ...gpu }));
  return { origin: 'hosts.gpus', gpus };
}

type Pins = { readonly placed: ReadonlyMap<Slot, GpuPlan>; readonly problems: readonly string[] };

function placePins(slots: readonly Slot[], inventory: Inventory): Pins {
  const placed = new Map<Slot, GpuPlan>();
  const holder = new Map<string, string>();
  const problems: string[] = [];
  for (const slot of slots) {
    const [pin, { name }] = [slot.pin ?? '', slot.service];
    const gpu = findPinned(pin, inventory);
    if (gpu === null) {
      const there = (inventory.gpus ?? []).map(({ index }) => index).join(', ') || 'none';
      problems.push(`${name} pins GPU ${pin}, which is not there (there are: ${there})`);
      continue;
    }
    const other = holder.get(gpu.id);
    if (other !== undefined)
      problems.push(`GPU ${pin} is pinned twice: by ${other} and by ${name}`);
    holder.set(gpu.id, name);
    placed.set(slot, gpu);
  }
  return { placed, problems };
}

/** null: there is no such GPU. What cannot be looked up is believed. */
function findPinned(pin: string, { origin, gpus }: Inventory): GpuPlan | null {
  const found = gpus?.find(({ id, index }) => id === pin || String(index) === pin);
  if (found !== undefined) return { id: found.id, name: found.name };
  const isKnowable = isIndex(pin) ? gpus !== null : origin === 'nvidia-smi' && !isMig(pin);
  return isKnowable ? null : { id: pin, name: null };
}

type Placed = { readonly placed: ReadonlyMap<Slot, GpuPlan>; readonly unplaced: readonly Slot[] };

function byPosition(slots: readonly Slot[], taken: ReadonlySet<string>): Placed {
  const placed = new Map<Slot, GpuPlan>();
  let position = 0;
  for (const slot of slots) {
    while (taken.has(String(position))) position++;
    placed.set(slot, { id: String(position++), name: null });
  }
  return { placed, unplaced: [] };
}

function byDemand(slots: readonly Slot[], { gpus }: { gpus: readonly Gpu[] }): Placed {
  const ordered = gpus.toSorted((a, b) => a.index - b.index);
  // One list for all who ask the same: the matching counts on it, and names need not be compared again.
  const lists = new Map<string, readonly number[]>();
  const fits = slots.map(({ service }) => {
    const demand = JSON.stringify([service.gpu?.names, service.gpu?.minMemoryGiB]);
    const list = lists.get(demand) ?? positionsFor(service, ordered);
    lists.set(demand, list);
    return list;
  });
  const matched = matchAll(fits) ?? matchMost(fits);
  const placed = new Map<Slot, GpuPlan>();
  const unplaced: Slot[] = [];
  slots.forEach((slot, at) => {
    const gpu = ordered[matched[at] ?? -1];
    if (gpu === undefined) unplaced.push(slot);
    else placed.set(slot, { id: gpu.id, name: gpu.name });
  });
  return { placed, unplaced };
}

function positionsFor(service: ServiceConfig, gpus: readonly Gpu[]): readonly number[] {
  return gpus.flatMap((gpu, position) => (isMet(service, gpu) ? [position] : []));
}

/**
 * Whether a GPU is what a service asks for. A name matches whole words, so that A10 is not A100. A GPU sold as 24 GB shows 22.5 GiB
 * (A10, L4), one sold as 16 GB 15 GiB (T4): a tenth may be missing. 0 GiB: nobody knows, and it is not held against the GPU.
 */
function isMet({ gpu: demand }: ServiceConfig, gpu: Gpu): boolean {
  if (demand === null) return true;
  const { names, minMemoryGiB } = demand;
  const isEnough =
    minMemoryGiB === null || gpu.memoryGiB === 0 || gpu.memoryGiB >= minMemoryGiB * 0.9;
  return isEnough && (names.length === 0 || names.some((name) => hasWords(gpu.name, name)));
}

/** `RTX4090` and `rtx 4090` are words of `NVIDIA GeForce RTX 4090`. */
function hasWords(text: string, asked: string): boolean {
  const wanted = words(asked).join('');
  const all = words(text);
  return all.some((_, from) =>
    all.slice(from).some((_word, to) => all.slice(from, from + to + 1).join('') === wanted),
  );
}

function words(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

function warningsOf({
  slots,
  free,
  inventory,
}: {
  slots: readonly Slot[];
  free: readonly Slot[];
  inventory: Inventory;
}): string[] {
  const warnings: string[] = [];
  if (inventory.gpus === null && free.length > 0)
    warnings.push(
      `GPU ids are assigned by position: no inventory, since nvidia-smi is not here and \`hosts.gpus\` is not in the file. ` +
        `Names and memory in \`gpu\` are not checked, nor whether there are as many.`,
    );
  const unseen = slots.flatMap(({ pin }) =>
    pin !== null && findPinned(pin, inventory)?.name === null && !isIndex(pin) ? [pin] : [],
  );
  if (unseen.length > 0 && slots.length > unseen.length)
    warnings.push(
      `${unseen.join(', ')}: nothing here tells at which position it is, so another service may be given the same GPU. ` +
        `Pin the others, too, in the same way.`,
    );
  return warnings;
}

function isIndex(pin: string): boolean {
  return /^\d+$/.test(pin);
}

function isMig(pin: string): boolean {
  return pin.startsWith('MIG-');
}
