/** A request's own log, with its name in each line: made when it says something, because most requests never do. */
import type { FastifyBaseLogger } from 'fastify';

/** What a line calls the request that it belongs to. */
export const REQUEST_ID_LABEL = 'request_id';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

type Child = Parameters<FastifyBaseLogger['child']>;

class RequestLog {
  readonly #parent: FastifyBaseLogger;
  readonly #child: Child;
  #made: FastifyBaseLogger | null = null;

  constructor(parent: FastifyBaseLogger, ...child: Child) {
    this.#parent = parent;
    this.#child = child;
  }

  get made(): FastifyBaseLogger {
    return (this.#made ??= this.#parent.child(...this.#child));
  }

  get level(): string {
    return this.made.level;
  }

  set level(level: string) {
    this.made.level = level;
  }

  child(...child: Child): FastifyBaseLogger {
    return this.made.child(...child);
  }
}

for (const level of LEVELS) {
  Object.defineProperty(RequestLog.prototype, level, {
    value(this: RequestLog, ...line: readonly unknown[]) {
      Reflect.apply(this.made[level], this.made, line);
    },
  });
}

/** For Fastify's `childLoggerFactory`: the child of a logger with these bindings and options. */
export function logWhenAsked(parent: FastifyBaseLogger, ...child: Child): FastifyBaseLogger {
  return new RequestLog(parent, ...child) as unknown as FastifyBaseLogger;
}
