import type { ChartRelease } from '../api/chart-release.ts';
import { timestamp } from '../api/time.ts';
import { conditionOf } from '../core/conditions.ts';
import { keyOf } from '../core/object-ref.ts';
import type { Outcome } from '../core/status.ts';
import { describeSuspended } from '../core/story.ts';
import type { Deps } from './deps.ts';
import { forgetDrift } from './drift/drift.ts';

/**
 * A release that rests because its spec says so: its tag and its values are not followed, a revision under way stays as it is, and nobody
 * wakes it but a change of the ChartRelease. What was under way is applied again afterwards, with the whole of its time.
 */
export const suspend = (
  deps: Pick<Deps, 'tags' | 'sources' | 'rollouts' | 'contenders' | 'homes' | 'expectations' | 'contests' | 'clock'>,
  { metadata, status }: ChartRelease,
): Outcome => {
  const key = keyOf(metadata);
  deps.tags.unfollow(key);
  deps.sources.forget(key);
  deps.rollouts.forget(key);
  deps.contenders.forget(key);
  deps.homes.forget(key);
  forgetDrift(deps, key);
  const since = conditionOf(status.conditions, 'Suspended')?.lastTransitionTime ?? timestamp(deps.clock.now());
  return { reason: 'Suspended', message: describeSuspended(since) };
};
