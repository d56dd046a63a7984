import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { printModelSource } from '../../config/values/model-source.ts';
import type { StoredModel } from '../model-store.ts';
import { cachedModels, type CachedModel } from './cached-models.ts';
import { repoCache, snapshotPath } from './hub-cache.ts';
import { readHubRecord } from './hub-record.ts';
import type { HubSettings } from './hub-settings.ts';

/**
 * All models of the hub's cache, whoever fetched them. Our own walk: `scanCacheDir` of @huggingface/hub leaves out sub-folders and refs with
 * a slash, and gives up on a repository without refs.
 */
export async function listCache(settings: HubSettings): Promise<readonly StoredModel[]> {
  const found: StoredModel[] = [];
  for (const folder of (await readdir(settings.cacheDirectory).catch(() => [])).toSorted()) {
    // Data sets and spaces are no models, and an id without an organisation cannot be written as a source.
    const [, organisation, name] = /^models--(.+?)--(.+)$/.exec(folder) ?? [];
    if (organisation === undefined || name === undefined) continue;
    const id = `${organisation}/${name}`;
    const repo = repoCache(settings.cacheDirectory, id);
    const record = await readHubRecord(settings.recordDirectory, folder);
    for (const model of await cachedModels(repo, record)) {
      const snapshot = snapshotPath(repo, model.commit);
      found.push({
        source: printModelSource({
          kind: 'hub',
          id,
          revision: revisionOf(model),
          file: model.file,
        }),
        kind: 'hub',
        path: model.file === null ? snapshot : join(snapshot, model.file),
        bytes: model.bytes,
        revision: model.commit,
        refs: model.refs,
        isComplete: model.isComplete,
        modifiedAt: new Date(model.modifiedAtMs).toISOString(),
      });
    }
  }
  return found;
}

/** As one would write it: nothing for what is taken when nothing is said. */
function revisionOf({ refs, commit }: CachedModel): string | null {
  return refs.includes('main') ? null : (refs[0] ?? commit);
}
