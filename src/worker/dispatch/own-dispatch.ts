/** The one process of a worker decides by itself. */
import { admit, refuseIfFull } from '../admission/admit.ts';
import type { Dispatch } from './dispatch.ts';

export const ownDispatch: Dispatch = {
  refuseIfFull,
  admit: async (places, { signal, trace }) => {
    const giveBack = await admit(places, { signal, trace });
    return { version: places.service.versionNow(places.version), chosen: null, giveBack };
  },
  question: async (service) => {
    const replica = await service.chooseReplica(service.chooseVersion());
    return { seat: replica, engine: replica.engine, leave: replica.enter() };
  },
  queueLength: (service) => service.queueLength,
  assertAlive: () => undefined,
};
