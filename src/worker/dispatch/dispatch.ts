/**
 * Who decides which requests go to an engine, when, and to which. One process decides by itself (`own-dispatch.ts`); of several, the owner
 * decides for all (`processes/`). All that costs something for each token is on this side of it.
 */
import type { RequestTrace } from '../answer/request-trace.ts';
import type { Engine, Prompt } from '../../engines/engine.ts';
import type { LiveService, LiveVersion } from '../live/live-service.ts';
import type { Seat } from '../live/replica.ts';

export type Places = { readonly service: LiveService; readonly version: LiveVersion };

export type AdmissionCall = {
  /** As it is known so far: its beginning is what a replica is chosen by. */
  readonly prompt: Prompt;
  readonly signal: AbortSignal;
  readonly trace: RequestTrace;
};

/** A request's places at its service and its version. */
export type Admission = {
  /** The version as it is configured by now. */
  readonly version: LiveVersion;
  /** Where the request goes, if whoever gave the places has chosen that as well; null: it is to be chosen here. */
  readonly chosen: ChosenSeat | null;
  /** Must be called in the end; may be called more than once. */
  readonly giveBack: () => void;
};

type ChosenSeat = {
  readonly seat: Seat;
  /** One at another replica in its place; null: no other can take the request. */
  readonly other: () => Promise<Seat | null>;
};

/** A replica that is asked something, until `leave` is called once. */
type Question = {
  readonly seat: Pick<Seat, 'lost'>;
  readonly engine: Engine;
  readonly leave: () => void;
};

export type Dispatch = {
  /** `overloaded` when there is no room to wait in, for who has work to do before it asks for its places; `admit` may still refuse. */
  readonly refuseIfFull: (places: Places) => void | Promise<void>;
  /** Rejects with `overloaded`, `queue_timeout`, why no engine can serve, and the signal's reason. Who is refused holds nothing. */
  readonly admit: (places: Places, call: AdmissionCall) => Promise<Admission>;
  /** Any replica that can answer. Rejects with why there is none. */
  readonly question: (service: LiveService) => Promise<Question>;
  /** Requests at the service's engines, and those that wait. */
  readonly queueLength: (service: LiveService) => number | Promise<number>;
  /** Returns, or resolves, as long as whoever decides is well. */
  readonly assertAlive: () => void | Promise<void>;
};
