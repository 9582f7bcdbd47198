import { FINALIZER, type ObjectMeta } from '../../api/chart-release.ts';
import type { ReleaseChange, SeenRelease } from '../../ports/releases.ts';
import type { Change } from './watch-cache.ts';

/** What the watch keeps of a ChartRelease; labels as JSON text. */
export interface WatchedRelease {
  readonly seen: SeenRelease;
  readonly labels: string;
}

/** Names a change by the most important part of it. */
export const whatChanged = (change: Change<WatchedRelease>): ReleaseChange => {
  switch (change.kind) {
    case 'Added':
      return 'spec';
    case 'Deleted':
      return 'deleted';
    case 'Updated':
      return compare(change.before.value, change.now.value);
  }
};

const compare = (before: WatchedRelease, now: WatchedRelease): ReleaseChange => {
  const [old, young] = [before.seen.release.metadata, now.seen.release.metadata];
  const isWished = old.generation !== young.generation || old.deletionTimestamp !== young.deletionTimestamp || isDifferent(old.annotations, young.annotations);
  if (isWished) return 'spec';
  return before.labels !== now.labels || hasLostFinalizer(old, young) ? 'meta' : 'status';
};

/** Ours is put there by nobody but us, and those of others are none of our business. */
const hasLostFinalizer = (before: ObjectMeta, now: ObjectMeta): boolean => before.finalizers?.includes(FINALIZER) === true && now.finalizers?.includes(FINALIZER) !== true;

/** The API server writes maps in the order of their keys. */
const isDifferent = (before: unknown, now: unknown): boolean => JSON.stringify(before) !== JSON.stringify(now);
