import type { PlacedObject } from '../core/plan.ts';
import type { ReleaseIdentity } from '../ports/releases.ts';
import { prune } from '../stages/prune.ts';
import type { Deps } from './deps.ts';
import { namesOf, type Run, whoseOf } from './run.ts';

/** Deletes objects that a release wants no more, and says which of them stay. Returns how many were deleted. */
export const clear = async (deps: Deps, run: Run, objects: readonly PlacedObject[]): Promise<number> => {
  const { deleted, left } = await prune(deps.cluster, objects, whoseOf(run), run.signal);
  tellLeft(deps, run.release, left);
  return deleted;
};

/** Says in the log and in an Event which objects stay, and why: afterwards no record knows of them. */
export const tellLeft = (deps: Deps, release: Pick<ReleaseIdentity, 'metadata'>, left: readonly string[]): void => {
  if (left.length === 0) return;
  const message = `not deleted: ${left.join('; ')}`;
  deps.logger.info(namesOf(release.metadata), message);
  deps.events.announce(release, { type: 'Normal', reason: 'ObjectsLeft', action: 'Prune', message, annotations: {} });
};
