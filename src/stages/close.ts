import { isPending, type RecordHead, type ReleaseAddress } from '../core/record.ts';
import { beyondLimit, describeDeployed } from '../core/release-state.ts';
import { ClusterError } from '../ports/cluster.ts';
import type { Records } from '../ports/records.ts';

/** A revision that is ready. */
export interface Closing {
  readonly revision: number;
  /** What it has left on its objects; undefined where they are too many to be noted. */
  readonly imprints: string | undefined;
}

/**
 * Closes a revision that is ready: it becomes deployed first, then the one before it superseded, so that a deployed
 * revision exists at every moment. Records beyond the limit go last. Returns the records that are left.
 */
export const close = async (
  records: Records,
  address: ReleaseAddress,
  { revision, imprints }: Closing,
  historyLimit: number,
  signal: AbortSignal,
): Promise<readonly RecordHead[]> => {
  const all = await records.list(address, signal);
  const record = all.find((one) => one.revision === revision);
  if (record === undefined)
    throw new ClusterError('NotFound', `record of revision ${revision} of ${address.namespace}/${address.releaseName} is gone; the release is looked at afresh`);
  if (all.at(-1) !== record) {
    await records.mark(address, record, { status: 'superseded', description: 'Superseded by a revision that somebody else made' }, signal);
    throw new ClusterError('Conflict', `revision ${all.at(-1)?.revision ?? 0} of ${address.namespace}/${address.releaseName} was made by somebody else meanwhile`);
  }
  const deployed = await records.mark(address, record, { status: 'deployed', description: describeDeployed(record), ...(imprints !== undefined && { imprints }) }, signal);
  return tidy(records, address, [...all.slice(0, -1), deployed], historyLimit, signal);
};

/**
 * Makes every deployed record but the newest superseded, closes what was under way before the newest of all, and deletes those beyond the
 * limit. Returns what is left.
 */
export const tidy = async (records: Records, address: ReleaseAddress, all: readonly RecordHead[], historyLimit: number, signal: AbortSignal): Promise<readonly RecordHead[]> => {
  const newest = all.findLast((record) => record.status === 'deployed');
  const settled: RecordHead[] = [];
  for (const record of all) {
    if (record.status === 'deployed' && record !== newest) settled.push(await records.mark(address, record, { status: 'superseded' }, signal));
    else if (isPending(record.status) && record !== all.at(-1)) settled.push(await closeFailed(records, address, record, 'Left unfinished: a later revision was made', signal));
    else settled.push(record);
  }
  const old = beyondLimit(settled, historyLimit);
  for (const record of old) await records.remove(address, record, signal);
  return settled.filter((record) => !old.includes(record));
};

/** Closes a revision that failed. What it applied stays; a failed revision that becomes ready is closed as deployed later. */
export const closeFailed = async (records: Records, address: ReleaseAddress, record: RecordHead, why: string, signal: AbortSignal): Promise<RecordHead> =>
  record.status === 'failed' ? record : records.mark(address, record, { status: 'failed', description: why }, signal);

/** Closes a release that was uninstalled and keeps its records: nothing of them says deployed any more. The newest one comes last. */
export const closeUninstalled = async (records: Records, address: ReleaseAddress, all: readonly RecordHead[], signal: AbortSignal): Promise<void> => {
  for (const record of all.slice(0, -1)) if (record.status === 'deployed') await records.mark(address, record, { status: 'superseded' }, signal);
  const newest = all.at(-1);
  if (newest !== undefined) await records.mark(address, newest, { status: 'uninstalled' }, signal);
};
