import type { ChartRelease } from '../api/chart-release.ts';
import { timestamp } from '../api/time.ts';
import { conditionOf } from '../core/conditions.ts';
import { keyOf } from '../core/object-ref.ts';
import type { RecordHead } from '../core/record.ts';
import type { Outcome } from '../core/status.ts';
import { ownRecords } from '../core/release-state.ts';
import { describeSuspended } from '../core/story.ts';
import { ClusterError } from '../ports/cluster.ts';
import type { Deps } from './deps.ts';
import { forgetDrift } from './drift/drift.ts';
import { addressOf, isAdmitted } from './run.ts';

/**
 * A release that rests because its spec says so: its tag and its values are not followed, a revision under way stays as it is, and nobody
 * wakes it but a change of the ChartRelease. What was under way is applied again afterwards, with the whole of its time. Rejects with ClusterError
 * where its records cannot be had and it was not said to rest before.
 */
export const suspend = async (
  deps: Pick<Deps, 'tags' | 'sources' | 'records' | 'rollouts' | 'causes' | 'contenders' | 'homes' | 'expectations' | 'contests' | 'clock'>,
  release: ChartRelease,
  signal: AbortSignal,
): Promise<Outcome> => {
  const { metadata, status } = release;
  const key = keyOf(metadata);
  deps.tags.unfollow(key);
  deps.sources.forget(key);
  deps.rollouts.forget(key);
  deps.causes.forget(key);
  deps.contenders.forget(key);
  deps.homes.forget(key);
  forgetDrift(deps, key);
  const before = conditionOf(status.conditions, 'Suspended');
  const since = before?.lastTransitionTime ?? timestamp(deps.clock.now());
  const records = await recordsOf(deps, release, signal).catch((error: unknown) => {
    if (before === undefined || !(error instanceof ClusterError) || signal.aborted) throw error;
    return undefined;
  });
  return { reason: 'Suspended', message: describeSuspended(since), expiry: {}, ...(records !== undefined && { records }) };
};

/** A revision that was opened a moment ago may not have been told of yet: what ran before it cannot be said to run on. Afterwards nothing is begun. */
const recordsOf = async ({ records }: Pick<Deps, 'records'>, release: ChartRelease, signal: AbortSignal): Promise<readonly RecordHead[]> => {
  const address = addressOf(release);
  return ownRecords(await records.list(address, signal), { uid: release.metadata.uid, chartRelease: keyOf(release.metadata), isAdmitted: isAdmitted(release, address) });
};
