import type { ChartRelease, ChartReleaseStatus, DeletionPolicy } from '../api/chart-release.ts';

/** A ChartRelease as the watch has it: readable, or not, with what is wrong. */
export type SeenRelease =
  | { readonly kind: 'Readable'; readonly release: ChartRelease }
  | { readonly kind: 'Unreadable'; readonly release: ReleaseIdentity; readonly message: string; readonly deletionPolicy: DeletionPolicy };

/** What is known even of a ChartRelease that cannot be read. */
export type ReleaseIdentity = Pick<ChartRelease, 'apiVersion' | 'kind' | 'metadata' | 'status'>;

/**
 * What the watch saw of a ChartRelease: `spec` when it is new, or its generation, annotations or deletion changed;
 * `meta` when labels did or our finalizer is gone, `status` when nothing but the status did, or finalizers that others see to.
 */
export type ReleaseChange = 'spec' | 'meta' | 'status' | 'deleted';

/** ChartReleases. Reads come from the watch; writes reject with ClusterError. */
export interface Releases {
  /** The ChartRelease with this key, `namespace/name`, or undefined where the watch has none. Never older than our own last write. */
  get(key: string): SeenRelease | undefined;
  /** Keys of all ChartReleases. */
  keys(): readonly string[];
  /** Adds our finalizer, under a precondition on resourceVersion. */
  addFinalizer(release: ReleaseIdentity, signal: AbortSignal): Promise<void>;
  /** Takes our finalizer away; one that is gone, or an object that is gone, is no error. */
  removeFinalizer(release: ReleaseIdentity, signal: AbortSignal): Promise<void>;
  /** Writes the whole status in place of the one that `release` has; rejects with Conflict where that is an old one. An object that is gone is no error. */
  saveStatus(release: ReleaseIdentity, status: ChartReleaseStatus, signal: AbortSignal): Promise<void>;
}
