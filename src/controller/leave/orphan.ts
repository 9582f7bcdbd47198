import { keyOf } from '../../core/object-ref.ts';
import { isPending, printAddress, type RecordHead, type ReleaseAddress } from '../../core/record.ts';
import { ownRecords } from '../../core/release-state.ts';
import type { Subject } from '../../ports/events.ts';
import type { ReleaseIdentity } from '../../ports/releases.ts';
import { closeFailed } from '../../stages/close.ts';
import { observe } from '../../stages/observe.ts';
import type { Deps } from '../deps.ts';
import { isAdmitted, namesOf } from '../run.ts';

/** A Helm release that is left behind, and why. */
export interface Parting {
  readonly release: ReleaseIdentity;
  readonly address: ReleaseAddress;
  readonly why: string;
  /** What the Event is about; the newest record where absent. */
  readonly subject: Subject | undefined;
}

/**
 * Leaves a Helm release of a ChartRelease that goes to whoever comes: its objects and records stay. Only a revision that is
 * under way is closed as failed, since stock helm would take it for one that somebody works on.
 */
export const orphan = async (deps: Deps, { release, address, why, subject }: Parting, signal: AbortSignal): Promise<void> => {
  const { metadata } = release;
  const owner = { uid: metadata.uid, chartRelease: keyOf(metadata), isAdmitted: isAdmitted(release, address) };
  const records = ownRecords(await observe(deps.records, address, signal), owner);
  for (const record of records.filter(({ status, notes }) => notes !== undefined && isPending(status))) {
    await closeFailed(deps.records, address, record, 'Left unfinished: its ChartRelease was deleted', signal);
  }
  const newest = records.at(-1);
  if (newest === undefined) return;
  const message = `Helm release ${printAddress(address)} stays as it is, ${why}: uninstall it with helm, or make ChartRelease ${keyOf(metadata)} again`;
  deps.logger.info(namesOf(metadata), message);
  deps.events.announce(subject ?? recordSubject(address, newest), { type: 'Normal', reason: 'Orphaned', action: 'Delete', message, annotations: {} });
};

const recordSubject = ({ namespace }: ReleaseAddress, { secret, resourceVersion }: RecordHead): Subject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name: secret, uid: '', resourceVersion },
});
