/** The thread that renders chat templates: one order at a time, one reply each. */
import { parentPort, workerData } from 'node:worker_threads';

import { compile } from '../jinja/compile.ts';
import { renderTemplate } from '../jinja/render-template.ts';
import type { Body } from '../jinja/syntax.ts';
import { limitMemory } from '../values/memory.ts';
import type { RenderOrder, ThreadData, ThreadReply } from './messages.ts';

const MOST_COMPILED = 32;

/** By source, the one used last at the end. */
const compiled = new Map<string, Body>();

const port = parentPort;
if (port === null) throw new Error('this runs as a thread of the worker');
limitMemory((workerData as ThreadData).memoryBytes);
port.on('message', (order: RenderOrder) => {
  port.postMessage(reply(order));
});
port.postMessage(null satisfies ThreadReply);

function reply({ source, variables }: RenderOrder): ThreadReply {
  try {
    return { text: renderTemplate(compileOnce(source), variables) };
  } catch (error) {
    if (error instanceof RangeError) return { reason: 'it recurses too deeply, or makes too much' };
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

function compileOnce(source: string): Body {
  const template = compiled.get(source) ?? compile(source);
  compiled.delete(source);
  compiled.set(source, template);
  const [oldest] = compiled.keys();
  if (compiled.size > MOST_COMPILED && oldest !== undefined) compiled.delete(oldest);
  return template;
}
