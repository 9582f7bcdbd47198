import { keyOf, type ObjectRef } from '../core/object-ref.ts';
import { objectsToPrune } from '../core/plan.ts';
import type { ReleaseAddress } from '../core/record.ts';
import { ownRecords } from '../core/release-state.ts';
import type { ReleaseIdentity } from '../ports/releases.ts';
import { observe } from '../stages/observe.ts';
import { prune } from '../stages/prune.ts';
import type { Deps } from './deps.ts';
import { earlierOf, objectsOf } from './memory.ts';
import { namesOf } from './run.ts';

/** A Helm release that is to go, and objects of it that stay because another release has them now. */
export interface Retirement {
  readonly owner: ReleaseIdentity['metadata'];
  readonly address: ReleaseAddress;
  /** Status says that the ChartRelease has written there. */
  readonly isAdmitted: boolean;
  readonly except: readonly ObjectRef[];
}

/**
 * Uninstalls a Helm release of ours: the newest record says so first, then its objects go in reverse install order,
 * then the records, oldest first. A crash in between is made good by the next run. A release that somebody else made
 * is left alone.
 */
export const retire = async (deps: Deps, retirement: Retirement, signal: AbortSignal): Promise<void> => {
  const { owner, address, isAdmitted } = retirement;
  const records = ownRecords(await observe(deps.records, address, signal), { uid: owner.uid, chartRelease: keyOf(owner), isAdmitted });
  const newest = records.at(-1);
  if (newest === undefined) return;
  const earlier = await earlierOf(deps, { release: { metadata: owner }, address, signal }, records);
  const objects = objectsToPrune(objectsOf(earlier), retirement.except);
  const marked = newest.status === 'uninstalling' ? newest : await deps.records.mark(address, newest, { status: 'uninstalling', description: 'Uninstalling' }, signal);
  await prune(deps.cluster, objects, owner, signal);
  for (const record of [...records.slice(0, -1), marked]) await deps.records.remove(address, record, signal);
  deps.contenders.wakeAt(address);
  deps.logger.info({ ...namesOf(owner), release: `${address.namespace}/${address.releaseName}`, objects: objects.length }, 'uninstalled');
};
