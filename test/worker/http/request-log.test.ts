import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { logWhenAsked } from '../../../src/worker/http/request-log.ts';

type Line = Readonly<Record<string, unknown>>;

function openLog() {
  const lines: Line[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
  const parent = pino({ level: 'info', base: null, timestamp: false }, { write });
  let children = 0;
  const Parent = Object.getPrototypeOf(parent) as { child: (...given: unknown[]) => unknown };
  const make = Parent.child.bind(parent);
  Object.defineProperty(parent, 'child', {
    value(this: unknown, ...given: unknown[]) {
      children += 1;
      return this === parent ? make(...given) : Parent.child.apply(this, given);
    },
  });
  return { lines, log: logWhenAsked(parent, { request_id: 'r' }, {}), made: () => children };
}

describe('the log of a request', () => {
  it('is made when it says something, and once', () => {
    const { lines, log, made } = openLog();
    assert.equal(made(), 0);

    log.warn({ code: 'x' }, 'first');
    log.error('second');

    assert.equal(made(), 1);
    assert.deepEqual(lines, [
      { level: 40, request_id: 'r', code: 'x', msg: 'first' },
      { level: 50, request_id: 'r', msg: 'second' },
    ]);
  });

  it('has the levels of any log', () => {
    const { lines, log } = openLog();
    assert.equal(log.level, 'info');
    log.level = 'trace';
    for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const)
      log[level](level);

    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace'],
    );
  });

  it('has children that have its name', () => {
    const { lines, log } = openLog();
    log.child({ part: 'p' }).info('hi');
    assert.deepEqual(lines, [{ level: 30, request_id: 'r', part: 'p', msg: 'hi' }]);
  });
});
