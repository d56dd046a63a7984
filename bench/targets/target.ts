/** What is measured: programs between a client and an engine, each started for one measurement and ended after it. */

export type TargetName = 'direct' | 'nginx' | 'portkey' | 'ours' | 'fastchat';

/** A request as its bytes need it; `Host`, `Content-Length` and `Connection` are the client's. */
export type RequestShape = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** How the target is asked for the same answer of the same engine. */
export type Shapes = {
  /** A chat request whose answer comes in one piece. */
  readonly plain: RequestShape;
  /** A chat request whose answer comes as events, one a token: what "through" means. */
  readonly stream: RequestShape;
  /** The same as frames of the worker API, all text so far in each, ended by NUL. Only ours and FastChat. */
  readonly cumulative?: RequestShape;
  /** The same with only the new text in each frame. Only ours. */
  readonly delta?: RequestShape;
};

export type StartTarget = {
  /** `http://127.0.0.1:PORT` of the engine behind it. */
  readonly engineUrl: string;
  /** The core that it may use; all its processes stay on it. null: no pinning. */
  readonly core: number | null;
  /** Ours only: how long a cumulative frame may wait for company at the most, in milliseconds; left out: the product's default. */
  readonly frameWaitMs?: number;
};

export type RunningTarget = {
  readonly name: TargetName;
  readonly port: number;
  /** Of its process tree; null: the engine itself, which has no cost of its own here. */
  readonly rootPid: number | null;
  readonly shapes: Shapes;
  readonly close: () => Promise<void>;
};

export type Target = {
  readonly name: TargetName;
  /** `1.22.1`, for the report. */
  readonly version: string;
  /** Answers requests when it resolves. */
  readonly start: (options: StartTarget) => Promise<RunningTarget>;
};

/** Those that this machine has. What is missing is skipped by every metric, and told once with its reason. */
export type Targets = {
  readonly found: ReadonlyMap<TargetName, Target>;
  readonly missing: ReadonlyMap<TargetName, string>;
};
