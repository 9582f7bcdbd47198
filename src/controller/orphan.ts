import { keyOf } from '../core/object-ref.ts';
import { isPending, type ReleaseAddress } from '../core/record.ts';
import { ownRecords } from '../core/release-state.ts';
import type { ReleaseIdentity } from '../ports/releases.ts';
import { closeFailed } from '../stages/close.ts';
import { observe } from '../stages/observe.ts';
import type { Deps } from './deps.ts';
import { isAdmitted, namesOf } from './run.ts';

/**
 * Leaves a Helm release of a ChartRelease that goes to whoever comes: its objects and records stay. Only a revision that is
 * under way is closed as failed, since stock helm would take it for one that somebody works on.
 */
export const orphan = async (deps: Deps, release: ReleaseIdentity, address: ReleaseAddress, signal: AbortSignal): Promise<void> => {
  const { metadata } = release;
  const owner = { uid: metadata.uid, chartRelease: keyOf(metadata), isAdmitted: isAdmitted(release, address) };
  const records = ownRecords(await observe(deps.records, address, signal), owner);
  for (const record of records.filter(({ status, notes }) => notes !== undefined && isPending(status))) {
    await closeFailed(deps.records, address, record, 'Left unfinished: its ChartRelease was deleted', signal);
  }
  if (records.length === 0) return;
  const message = `Helm release ${address.namespace}/${address.releaseName} stays as it is, as spec.deletionPolicy says: uninstall it with helm, or make the ChartRelease again under this name`;
  deps.logger.info(namesOf(metadata), message);
  deps.events.announce(release, { type: 'Normal', reason: 'Orphaned', action: 'Delete', message, annotations: {} });
};
