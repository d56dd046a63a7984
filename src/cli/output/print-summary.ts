/** What stands on the screen when a stack is ready: where it answers, and how to use it. Pure. */
import { type FrontDoor, serviceUrl } from '../../control/front-door.ts';
import { printTable } from '../../plan/print-table.ts';
import type { RuntimeKind } from '../../plan/runtime.ts';
import {
  DOCUMENTED_REQUESTS,
  type ExampleRequests,
  generateCurl,
  streamCurl,
} from './curl-requests.ts';

export type Summary = {
  readonly runtime: RuntimeKind;
  readonly directory: string;
  readonly door: FrontDoor;
  readonly services: readonly string[];
  /** The command that shows what runs; null: none does. */
  readonly look: string | null;
  /** The command or the key that ends it. */
  readonly end: string;
  /** Both of these are shown; null: the first of the documentation is enough. */
  readonly requests: ExampleRequests | null;
};

export function printSummary(summary: Summary, isJson: boolean): string {
  return isJson ? printJson(summary) : printText(summary);
}

function printJson({ runtime, directory, door, services }: Summary): string {
  const listed = services.map((name) => ({ name, url: serviceUrl(door, name), state: 'ready' }));
  return JSON.stringify({ runtime, directory, services: listed });
}

function printText({ runtime, directory, door, services, look, end, requests }: Summary): string {
  const [first] = services;
  const urls = printTable(
    [['SERVICE', 'URL'], ...services.map((name) => [name, serviceUrl(door, name)])],
    // A URL that is cut is of no use.
    Infinity,
  );
  const ways = [
    ['Runtime', runtime],
    ['Files', directory],
    ...(look === null ? [] : [['Look', look]]),
    ['End', end],
  ];
  const facts = ways.map(([name = '', value = '']) => `${name.padEnd(9)}${value}`).join('\n');
  const commands =
    first === undefined
      ? []
      : [
          `Try it:\n\n${generateCurl(door, first, requests ?? DOCUMENTED_REQUESTS)}`,
          ...(requests === null ? [] : [streamCurl(door, first, requests)]),
        ];
  return ['', urls, facts, ...commands].join('\n\n').trimStart();
}
