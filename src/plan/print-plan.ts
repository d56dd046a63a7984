/** Plans as people read them. At most 100 columns. */
import type { Operation } from './diff.ts';
import { printTable } from './print-table.ts';
import type {
  GatewayPlan,
  GpuPlan,
  ReplicaPlan,
  ServicePlan,
  StackPlan,
  TemplatePlan,
} from './stack-plan.ts';

const SIGN: Readonly<Record<Operation['verb'], string>> = {
  create: '+',
  recreate: '~',
  start: '>',
  update: '*',
  remove: '-',
};

/** One aligned line for each operation, with its cause. */
export function printOperations(operations: readonly Operation[]): string {
  if (operations.length === 0) return 'nothing to do';
  return printTable(
    operations.map(({ verb, unit, cause }) => [`${SIGN[verb]} ${verb}`, unit, cause]),
    100,
  );
}

/** Where everything goes: one line for each replica, below the address of the whole. */
export function printPlacement(plan: StackPlan): string {
  const head = ['service', 'engine', 'replica', 'GPUs', 'template', 'address'];
  const rows = plan.services.flatMap((service) =>
    service.replicas.map((replica, at) => row(service, replica, at)),
  );
  return `${plan.name} at ${baseAddress(plan.gateway)}\n\n${printTable([head, ...rows], 100)}`;
}

/** The first replica's line says what all have in common. */
function row(service: ServicePlan, { engine }: ReplicaPlan, at: number): readonly string[] {
  const isRunning = 'url' in engine;
  const gpus = isRunning ? engine.url : engine.gpus.map(printGpu).join(',') || '-';
  return at === 0
    ? [
        service.name,
        service.engine,
        String(at),
        gpus,
        printTemplateName(service.template),
        `/api/${service.name}/`,
      ]
    : ['', '', String(at), gpus];
}

/** Which template each service has, and why: one line each. */
export function printTemplates({ services }: Pick<StackPlan, 'services'>): string {
  const rows = services.map((service) => {
    const { name, why } = tellTemplate(service);
    return [service.name, name, why];
  });
  return printTable([['service', 'template', 'because'], ...rows], 100);
}

/** The template's name, and why it is that one. */
export function tellTemplate({ template }: ServicePlan): {
  readonly name: string;
  readonly why: string;
} {
  return { name: printTemplateName(template), why: template.chosen?.why ?? '' };
}

/** Nothing was looked for yet: what the user wrote. */
function printTemplateName({ choice, chosen }: TemplatePlan): string {
  if (chosen === null) return choice.from.kind === 'named' ? choice.from.name : choice.from.kind;
  const { template } = chosen;
  if (template === null) return 'the engine’s';
  return template.kind === 'chat' ? template.name : template.conversation.name;
}

/** A UUID's first group tells GPUs of one machine apart. */
function printGpu({ id }: GpuPlan): string {
  return id.replace(/^((?:GPU|MIG)-[^-]+)-.*$/, '$1…');
}

function baseAddress({ domain, listen, httpPort, httpsPort, tls }: GatewayPlan): string {
  const [scheme, port, usual] =
    tls.kind === 'off' ? ['http', httpPort, 80] : ['https', httpsPort, 443];
  const isAnyOrOwn = /^(127\.|0\.0\.0\.0$|::1?$)/.test(listen);
  const address = listen.includes(':') ? `[${listen}]` : listen;
  const host = domain ?? (isAnyOrOwn ? 'localhost' : address);
  return `${scheme}://${host}${port === usual ? '' : `:${port}`}`;
}
