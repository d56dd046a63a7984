/** Where one server asks: its requests get their places and replicas here, by the same rules and from the same queues as everybody's. */
import { admit, refuseIfFull } from '../../admission/admit.ts';
import type { LiveService, LiveVersion } from '../../live/live-service.ts';
import type { LiveStack } from '../../live/live-stack.ts';
import type { Replica } from '../../live/replica.ts';
import type { Grant, Question, ToOwner, ToServer, VersionName } from '../messages.ts';
import { transferError } from '../transferred-error.ts';
import { Guest } from './guest.ts';

/** What a server holds, or waits for, by the number of its question. */
type Holding = {
  readonly service: LiveService;
  version: LiveVersion;
  readonly blocks: readonly number[];
  /** Of who wants text; a question to the engine only counts as under way there. */
  readonly isForText: boolean;
  /** Aborts when it is released: who waits for places then waits no more. */
  readonly released: AbortController;
  giveBack: () => void;
  guest: Guest | null;
};

export type DeskOptions = {
  readonly stack: LiveStack;
  readonly send: (message: ToServer) => void;
  readonly scrape: () => Promise<unknown>;
};

type Asked = Extract<ToOwner, { n: number; kind: 'ask' | 'release' | 'ended' }>;

export class Desk {
  readonly #options: DeskOptions;
  readonly #holdings = new Map<number, Holding>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  take(message: Asked | Extract<ToOwner, { kind: 'progress' }>): void {
    if (message.kind === 'ask') void this.#answer(message.n, message.question);
    else if (message.kind === 'release') this.#release(message.n);
    else if (message.kind === 'ended') this.#holdings.get(message.n)?.guest?.ended(message.end);
    else for (const visit of message.visits) this.#holdings.get(visit.n)?.guest?.told(visit);
  }

  /** The server is gone: all that it holds is given back, and it waits for nothing. */
  close(): void {
    for (const n of [...this.#holdings.keys()]) this.#release(n);
  }

  async #answer(n: number, question: Question): Promise<void> {
    const { send } = this.#options;
    let holding: Holding | undefined;
    try {
      const answer = this.#toAnswer(n, question);
      // It is made at once, and may be released before the answer is there.
      holding = this.#holdings.get(n);
      send({ kind: 'answer', n, value: await answer });
    } catch (error) {
      // Nobody waits for the answer to what was released.
      if (holding?.released.signal.aborted === true) return;
      const isAdmitted = holding !== undefined && holding.giveBack !== NOTHING;
      this.#release(n);
      send({ kind: 'refusal', n, error: transferError(error), isAdmitted });
    }
  }

  #toAnswer(n: number, question: Question): unknown {
    const { stack, scrape } = this.#options;
    switch (question.kind) {
      case 'room':
        refuseIfFull(this.#placesOf(question));
        return true;
      case 'admit':
        return this.#admit(n, question);
      case 'other':
        return this.#changeSeat(question.of);
      case 'lost':
        this.#holdings.get(question.of)?.guest?.replica.lost();
        return true;
      case 'any':
        return this.#seatAny(n, question.service);
      case 'queue':
        return stack.service(question.service).queueLength;
      case 'scrape':
        return scrape();
      case 'alive':
        return true;
    }
  }

  /** The version as it is by now: its server may know an older configuration. */
  #placesOf({ service: name, version: versionName }: VersionName) {
    const service = this.#options.stack.service(name);
    const version = service.versions.find((each) => each.name === versionName);
    return { service, version: version ?? service.chooseVersion() };
  }

  async #admit(n: number, question: Extract<Question, { kind: 'admit' }>): Promise<Grant> {
    const places = this.#placesOf(question);
    const holding = this.#hold(n, places, { blocks: question.blocks ?? [], isForText: true });
    const { signal } = holding.released;
    const giveBack = await admit(places, { signal, trace: { queuedAt: null, admittedAt: null } });
    if (signal.aborted) giveBack();
    signal.throwIfAborted();
    holding.giveBack = giveBack;
    return this.#seat(holding);
  }

  async #seatAny(n: number, name: string): Promise<Grant> {
    const service = this.#options.stack.service(name);
    const places = { service, version: service.chooseVersion() };
    return this.#seat(this.#hold(n, places, { blocks: [], isForText: false }));
  }

  #hold(
    n: number,
    { service, version }: { service: LiveService; version: LiveVersion },
    wish: Pick<Holding, 'blocks' | 'isForText'>,
  ): Holding {
    const released = new AbortController();
    const holding = { service, version, ...wish, released, giveBack: NOTHING, guest: null };
    this.#holdings.set(n, holding);
    return holding;
  }

  /** Whoever is chosen counts the request at once, so that nobody chooses by numbers that are no longer true. */
  async #seat(holding: Holding): Promise<Grant> {
    const { service, blocks: prompt, released } = holding;
    for (;;) {
      holding.version = service.versionNow(holding.version);
      const replica = service.pickReplica(holding.version, { prompt });
      if (replica !== null) return this.#sit(holding, replica);
      // It rejects where there is none. The look may take so long that the version has other replicas then.
      await service.chooseReplica(holding.version, { prompt });
      released.signal.throwIfAborted();
    }
  }

  #changeSeat(n: number): Grant | null {
    const holding = this.#holdings.get(n);
    const before = holding?.guest ?? null;
    if (holding === undefined || before === null) return null;
    const { service, blocks: prompt } = holding;
    holding.version = service.versionNow(holding.version);
    const wish = { prompt, except: before.replica };
    const replica = service.pickReplica(holding.version, wish);
    if (replica === null) return null;
    before.leave();
    return this.#sit(holding, replica);
  }

  #sit(holding: Holding, replica: Replica): Grant {
    const { name: version, replicas } = holding.version;
    holding.guest = new Guest(replica, { isWaiting: holding.isForText });
    return { version, replica: replicas.indexOf(replica) };
  }

  #release(n: number): void {
    const holding = this.#holdings.get(n);
    if (holding === undefined) return;
    this.#holdings.delete(n);
    holding.guest?.leave();
    holding.giveBack();
    holding.released.abort(new Error('released'));
  }
}

const NOTHING = (): void => undefined;
