/** `ps`: what runs of a stack, and which services are ready. */
import { askReadiness } from '../../control/ask-readiness.ts';
import { frontDoor, serviceUrl } from '../../control/front-door.ts';
import { lastWords } from '../../control/last-words.ts';
import { findHolder } from '../../control/runtimes.ts';
import type { ObservedUnit } from '../../plan/diff.ts';
import { printTable } from '../../plan/print-table.ts';
import type { Runtime } from '../../plan/runtime.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import type { CliContext, CommonOptions } from '../cli-context.ts';
import type { ExitStatus } from '../exit-code.ts';
import { loadOutlinedStack, warn } from '../stack/load-stack.ts';
import { roleOf } from '../stack/stack-units.ts';

export type PsOptions = CommonOptions & { readonly port?: number };

const COLUMNS = 100;
const NARROWEST_DETAIL = 30;

/** Of an engine that died: enough to know why, and no more than a table bears. */
const LAST_LINES = 3;

type UnitRow = {
  readonly unit: string;
  readonly role: string;
  readonly state: string;
  readonly detail: string;
  readonly gpus: readonly string[];
  /** Why it died, as far as its log says; only of an engine that stopped, or that was started again and does not serve yet. */
  readonly last_lines?: readonly string[];
};

type ServiceRow = {
  readonly service: string;
  readonly state: string;
  readonly detail: string;
  readonly url: string;
};

export async function ps(options: PsOptions, context: CliContext): Promise<ExitStatus> {
  const { terminal } = context;
  const runtimes = await context.runtimes();
  const { plan, place } = await loadOutlinedStack(options, context);
  const { runtime, dockerProblem } = await findHolder(runtimes, place);
  if (runtime === null && dockerProblem !== null) warn(context, dockerProblem.message);
  const units = runtime === null ? [] : await unitRows(runtime, plan);
  const services = runtime === null ? [] : await serviceRows(runtime, plan);
  if (options.json) {
    const { name } = plan;
    terminal.out(
      JSON.stringify({ name, runtime: runtime?.kind ?? null, units, services }, null, 2),
    );
  } else if (runtime === null) {
    terminal.out(`${plan.name} does not run.`);
  } else {
    terminal.out(printUnits(units));
    terminal.out(`\n${printServices(services)}`);
  }
  return 0;
}

async function unitRows(runtime: Runtime, plan: StackPlan): Promise<readonly UnitRow[]> {
  const observed = await runtime.observe();
  const dead = observed.filter((unit) => roleOf(unit.name, plan) === 'engine' && hasDied(unit));
  const names = dead.map((unit) => unit.name);
  // A runtime that cannot tell is no reason to show nothing at all.
  const lines = await lastWords(runtime, names, LAST_LINES).catch(() => new Map<string, never>());
  return observed.map(({ name, state, detail, gpus }) => {
    const last = lines.get(name) ?? [];
    const row = { unit: name, role: roleOf(name, plan), state, detail, gpus };
    return last.length === 0 ? row : { ...row, last_lines: last };
  });
}

function hasDied({ state, restarts = 0 }: ObservedUnit): boolean {
  return state === 'stopped' || state === 'restarting' || (state === 'starting' && restarts > 0);
}

async function serviceRows(runtime: Runtime, plan: StackPlan): Promise<readonly ServiceRow[]> {
  const door = frontDoor(plan.gateway, runtime.kind);
  const never = new AbortController().signal;
  return Promise.all(
    plan.services.map(async ({ name }) => {
      const { state, detail } = await askReadiness(door, name, never);
      return { service: name, state, detail, url: serviceUrl(door, name) };
    }),
  );
}

function printUnits(units: readonly UnitRow[]): string {
  const rows = units.map(({ unit, role, state, detail, gpus }) => [
    unit,
    role,
    state,
    detail,
    gpus.join(', ') || '-',
  ]);
  const table = printTable([['UNIT', 'ROLE', 'STATE', 'DETAIL', 'GPUS'], ...rows], COLUMNS);
  const [head = '', ...lines] = table.split('\n');
  const shown = lines.flatMap((line, at) => [
    line,
    ...(units[at]?.last_lines ?? []).map((text) => cut(`    ${text.trim()}`, COLUMNS)),
  ]);
  return [head, ...shown].join('\n');
}

function printServices(services: readonly ServiceRow[]): string {
  // A URL that is cut is of no use: the detail gets what is left of the line.
  const rows = [
    ['SERVICE', 'STATE', 'URL'],
    ...services.map((row) => [row.service, row.state, row.url]),
  ];
  const lines = printTable(rows, Infinity).split('\n');
  const taken = Math.max(...lines.map((line) => line.length)) + 2;
  const details = ['DETAIL', ...services.map(({ detail }) => detail)];
  const room = Math.max(COLUMNS - taken, NARROWEST_DETAIL);
  return lines
    .map((line, at) => {
      const detail = details[at] ?? '';
      return `${line.padEnd(taken)}${cut(detail, room)}`.trimEnd();
    })
    .join('\n');
}

function cut(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
}
