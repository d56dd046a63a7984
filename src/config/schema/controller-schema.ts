import type { z } from 'zod';
import type { ControllerConfig } from '../stack-config.ts';
import { parseControllerUrl, parseWorkerAddress } from '../values/address.ts';
import { choose, isMapping, mapping, value } from './mapping.ts';

/** `controller:` of a service: an address, or a mapping. */
export function controllerSchema(): z.ZodType<ControllerConfig> {
  const url = value(parseControllerUrl);
  const worker_address = value(parseWorkerAddress).nullish();
  const long = mapping({ url, worker_address }, ELSEWHERE).transform(
    (written): ControllerConfig => ({
      url: written.url,
      workerAddress: written.worker_address ?? null,
    }),
  );
  return choose((input) => (isMapping(input) ? long : SHORT));
}

/** `controller:` of the defaults: without the address of a worker, of which each service has its own; `own` tells so. */
export function sharedControllerSchema(own: string): z.ZodType<ControllerConfig> {
  const elsewhere = { ...ELSEWHERE, worker_address: own };
  const long = mapping({ url: value(parseControllerUrl) }, elsewhere).transform(
    ({ url }): ControllerConfig => ({ url, workerAddress: null }),
  );
  return choose((input) => (isMapping(input) ? long : SHORT));
}

const SHORT = value((text): ControllerConfig => ({
  url: parseControllerUrl(text),
  workerAddress: null,
}));

const ELSEWHERE = {
  address: '`url` says where the controller is, `worker_address` where the service is',
  worker: 'did you mean `worker_address`?',
  worker_name: 'did you mean `worker_address`?',
};
