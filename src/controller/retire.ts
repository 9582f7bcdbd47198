import { refKey } from '../core/object-ref.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { RecordHead, ReleaseAddress } from '../core/record.ts';
import type { ReleaseIdentity } from '../ports/releases.ts';
import { observe } from '../stages/observe.ts';
import { prune } from '../stages/prune.ts';
import type { Deps } from './deps.ts';
import { planEarlier } from './memory.ts';
import { namesOf } from './run.ts';

/** A Helm release that is to go, and objects of it that stay because another release has them now. */
export interface Retirement {
  readonly owner: ReleaseIdentity['metadata'];
  readonly address: ReleaseAddress;
  readonly except: readonly PlannedObject[];
}

/**
 * Uninstalls a Helm release of ours: the newest record says so first, then its objects go in reverse install order,
 * then the records, oldest first. A crash in between is made good by the next run. Records that are not this
 * ChartRelease's are left alone, and so is what they hold.
 */
export const retire = async (deps: Deps, retirement: Retirement, signal: AbortSignal): Promise<void> => {
  const { owner, address } = retirement;
  const records = (await observe(deps.records, address, signal)).filter((record) => record.notes?.uid === owner.uid);
  const newest = records.at(-1);
  if (newest === undefined) return;
  const objects = await objectsOf(deps, retirement, records, signal);
  const marked = newest.status === 'uninstalling' ? newest : await deps.records.mark(address, newest, { status: 'uninstalling', description: 'Uninstalling' }, signal);
  await prune(deps.cluster, objects, owner, signal);
  for (const record of [...records.slice(0, -1), marked]) await deps.records.remove(address, record, signal);
  deps.logger.info({ ...namesOf(owner), release: `${address.namespace}/${address.releaseName}`, objects: objects.length }, 'uninstalled');
};

const objectsOf = async (deps: Deps, { owner, address, except }: Retirement, records: readonly RecordHead[], signal: AbortSignal): Promise<readonly PlannedObject[]> => {
  const { objects } = await planEarlier(deps, { release: { metadata: owner }, address, signal }, records);
  const stays = new Set(except.map((object) => refKey(object.ref)));
  const unique = new Map(objects.map((object) => [refKey(object.ref), object]));
  return [...unique.values()].filter((object) => !object.isKept && !stays.has(refKey(object.ref)));
};
