import type { ObjectRef } from '../core/object-ref.ts';
import type { SeenObject } from '../core/standing.ts';

/** What the watches know of an object. */
export type Sight =
  | ({ readonly kind: 'Seen' } & SeenObject)
  /** As of this resourceVersion there is none that carries our label. */
  | { readonly kind: 'Absent'; readonly resourceVersion: string }
  /** Nobody has looked, or the first answer is not there yet. */
  | { readonly kind: 'Unknown' };

/**
 * What our applies have left on managed objects, from watches. Whoever made the adapter is told when the imprint of an object changes, or it
 * goes.
 */
export interface Imprints {
  /**
   * Follows the kind of each of these objects from now on; resolves when their present state is in. Kinds that are not served are passed over.
   * Rejects with ClusterError.
   */
  follow(refs: readonly ObjectRef[], signal: AbortSignal): Promise<void>;
  of(ref: ObjectRef): Sight;
}
