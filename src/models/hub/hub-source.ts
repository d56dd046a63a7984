import type { ModelSource } from '../../config/values/model-source.ts';

/** A source of the hub. */
export type HubSource = Extract<ModelSource, { readonly kind: 'hub' }>;
