/** What keys say of each other. It reads the file's values as they were written, so that it finds everything at once with the schema. */
import { quoted } from '../values/mismatch.ts';
import { isMapping } from './mapping.ts';

export type Conflict = {
  readonly path: readonly (string | number)[];
  /** Where to point: at the key or at its value. */
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly hint: string;
};

type Values = Readonly<Record<string, unknown>>;

const SERVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Keys that say how to start an engine, and mean nothing for one that runs already. */
const STARTING = [
  'source',
  'image',
  'args',
  'env',
  'port',
  'gpu',
  'resources',
  'volumes',
  'replicas',
  'idle_unload',
];

/** All contradictions of a file, in its order. Values of wrong types are left to the schema. */
export function findConflicts(file: Values): readonly Conflict[] {
  const services = file['services'];
  const found = gatewayConflicts(asMapping(file['gateway']));
  if (services === undefined || services === null || (isMapping(services) && isEmpty(services)))
    return [...found, NO_SERVICES];
  const defaults = asMapping(file['defaults']);
  for (const [name, service] of Object.entries(asMapping(services))) {
    found.push(...nameConflicts(name));
    if (service === null || isMapping(service))
      found.push(...serviceConflicts({ name, own: service ?? {}, defaults }));
  }
  return [...found, ...addressConflicts(asMapping(services))];
}

const NO_SERVICES: Conflict = {
  path: ['services'],
  at: 'key',
  message: 'there are no services',
  hint: 'at least one, below its name: `services: { my-model: { source: org/name } }`',
};

function gatewayConflicts(gateway: Values): Conflict[] {
  const found: Conflict[] = [];
  const httpPort = gateway['http_port'] ?? 8989;
  // Without TLS nothing listens on https_port.
  if (gateway['tls'] !== 'off' && httpPort === (gateway['https_port'] ?? 8443))
    found.push({
      path: ['gateway', Object.hasOwn(gateway, 'https_port') ? 'https_port' : 'http_port'],
      at: 'value',
      message: `http_port and https_port are both ${JSON.stringify(httpPort)}`,
      hint: 'two different ports; left out they are 8989 and 8443',
    });
  const tls = asMapping(gateway['tls']);
  if (Object.hasOwn(tls, 'acme') && (gateway['domain'] ?? null) === null)
    found.push({
      path: ['gateway', 'tls', 'acme'],
      at: 'key',
      message: 'acme needs a domain: certificates are issued for a public name',
      hint: 'add `gateway.domain`, or use `tls: self-signed`',
    });
  return found;
}

function nameConflicts(name: string): Conflict[] {
  if (SERVICE_NAME.test(name)) return [];
  return [
    {
      path: ['services', name],
      at: 'key',
      message: `${JSON.stringify(name)} cannot be part of an address`,
      hint: 'letters, digits, dots, - and _, a letter or digit first, at most 64 characters',
    },
  ];
}

function serviceConflicts(service: { name: string; own: Values; defaults: Values }): Conflict[] {
  const { name, own, defaults } = service;
  const path = ['services', name];
  const engine = own['engine'] ?? defaults['engine'] ?? 'vllm';
  if (isSaid(own, 'url'))
    return STARTING.filter((key) => isSaid(own, key)).map((key) => ({
      path: [...path, key],
      at: 'key',
      message: `\`${key}\` beside \`url\`: the engine at an address runs already and is not started`,
      hint: `take away \`${key}\` or \`url\``,
    }));
  if (engine === 'openai')
    return [
      missing(
        [...path, 'url'],
        'engine openai needs `url`',
        'the address of the server: `url: http://10.0.0.7:8000`',
      ),
    ];
  if ((engine === 'vllm' || engine === 'llama.cpp') && !isSaid(own, 'source')) {
    const hint =
      '`source: org/name` (Hugging Face) or a path; or `url`, for an engine that runs already';
    return [missing([...path, 'source'], `engine ${engine} needs \`source\` or \`url\``, hint)];
  }
  if (isSaid(own, 'idle_unload') && engine !== 'llama.cpp')
    return [
      {
        path: [...path, 'idle_unload'],
        at: 'key',
        message: `engine ${quoted(engine)} cannot give its memory back`,
        hint: 'only llama.cpp can: take away `idle_unload`, or use `engine: llama.cpp`',
      },
    ];
  return [
    ...pinConflicts(path, { ...defaults, ...own }),
    ...twiceConflicts([...path, 'env'], own['env'], variableName),
    ...twiceConflicts([...path, 'volumes'], own['volumes'], mountTarget),
  ];
}

/** A controller knows a worker by its address alone: of two with the same one it would forget the first. */
function addressConflicts(services: Values): Conflict[] {
  const seen = new Map<string, string>();
  return Object.entries(services).flatMap(([name, service]) => {
    const address = asMapping(asMapping(service)['controller'])['worker_address'];
    if (typeof address !== 'string') return [];
    const other = seen.get(address);
    seen.set(address, other ?? name);
    if (other === undefined) return [];
    return [
      {
        path: ['services', name, 'controller', 'worker_address'],
        at: 'value' as const,
        message: `${other} is registered by the same address`,
        hint: 'each service has an address of its own, such as `http://10.0.0.8:8989/fastchat/my-model`',
      },
    ];
  });
}

type NameOf = (item: unknown) => string | null;

/** Two variables of one name, or two volumes at one place: one of them would be lost, or the container refused. */
function twiceConflicts(path: readonly string[], items: unknown, nameOf: NameOf): Conflict[] {
  if (!Array.isArray(items)) return [];
  const seen = new Set<string>();
  return items.flatMap((item: unknown, at) => {
    const name = nameOf(item);
    if (name === null) return [];
    const isTwice = seen.has(name);
    seen.add(name);
    const message = `${name} is in the list twice`;
    return isTwice
      ? [{ path: [...path, at], at: 'value' as const, message, hint: 'keep one' }]
      : [];
  });
}

function variableName(item: unknown): string | null {
  return typeof item === 'string' ? (item.split('=')[0] ?? null) : null;
}

function mountTarget(item: unknown): string | null {
  const target = typeof item === 'string' ? item.split(':')[1] : asMapping(item)['path'];
  return typeof target === 'string' && target.startsWith('/')
    ? target.replace(/(?<=.)\/+$/, '')
    : null;
}

/** Pinned GPUs have to go round: as many for each replica, and as many as `count` says. */
function pinConflicts(path: readonly string[], service: Values): Conflict[] {
  const gpu = asMapping(service['gpu']);
  const ids = gpu['ids'];
  if (!Array.isArray(ids)) return [];
  const at = { path: [...path, 'gpu', 'ids'], at: 'value' } as const;
  const found: Conflict[] = [];
  const replicas = typeof service['replicas'] === 'number' ? service['replicas'] : 1;
  const count = typeof gpu['count'] === 'number' ? gpu['count'] : ids.length / replicas;
  if (replicas * count !== ids.length || !Number.isInteger(count))
    found.push({
      ...at,
      message: `${ids.length} pinned GPUs for ${asked(replicas, gpu['count'])}`,
      hint: 'as many ids as all replicas together take, or no ids',
    });
  if (isSaid(gpu, 'name') || isSaid(gpu, 'memory'))
    found.push({
      ...at,
      message: 'pinned GPUs beside a name or a memory',
      hint: 'ids say which GPUs already: take one or the other away',
    });
  return found;
}

function asked(replicas: number, count: unknown): string {
  const each = typeof count === 'number' ? ` of ${count} each` : '';
  return `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}${each}`;
}

function missing(path: readonly string[], message: string, hint: string): Conflict {
  return { path, at: 'key', message, hint };
}

function isSaid(mapping: Values, key: string): boolean {
  return Object.hasOwn(mapping, key) && mapping[key] !== null;
}

function isEmpty(mapping: Values): boolean {
  return Object.keys(mapping).length === 0;
}

function asMapping(value: unknown): Values {
  return isMapping(value) ? value : {};
}
