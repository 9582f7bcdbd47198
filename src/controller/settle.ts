import type { ChartRelease } from '../api/chart-release.ts';
import type { ObjectRef } from '../core/object-ref.ts';
import { isSameAddress, type RecordHead } from '../core/record.ts';
import type { Outcome } from '../core/status.ts';
import { describeRunning } from '../core/story.ts';
import { intervalOf } from '../stages/resolve.ts';
import type { Deps } from './deps.ts';
import { retire } from './retire.ts';
import { type Run, timeoutMsOf } from './run.ts';

/** A revision that is deployed: its record, all records, and its objects where they are news. */
export interface Deployed {
  readonly record: RecordHead;
  /** The reference that is followed now: another one may have led to the same digest then. */
  readonly reference: string;
  readonly records: readonly RecordHead[];
  readonly inventory: readonly ObjectRef[] | undefined;
}

/**
 * The release runs what is asked for. Where it ran under another name or in another namespace before, that one goes
 * now, except for the objects that this one has taken over.
 */
export const settle = async (deps: Deps, { release, address, signal }: Run, { record, reference, records, inventory }: Deployed): Promise<Outcome> => {
  const former = (release.status.releases ?? []).filter((one) => !isSameAddress(one, address));
  const outcome = { ...running(release, { record, reference, records }), ...(inventory !== undefined && { inventory }) };
  for (const one of former) {
    const held = await retire(deps, { owner: release.metadata, address: one, isAdmitted: true, except: inventory ?? [], timeoutMs: timeoutMsOf(release) }, signal);
    if (held !== undefined) return { ...outcome, lookAgainAfterMs: held.lookAgainAfterMs };
  }
  return { ...outcome, releases: [address] };
};

/** That this revision runs, in words and as data. */
export const running = (release: ChartRelease, { record, reference, records }: Omit<Deployed, 'inventory'>): Outcome => ({
  reason: record.notes?.action === 'install' ? 'InstallSucceeded' : 'UpgradeSucceeded',
  message: describeRunning(record, reference, intervalOf(release)),
  records,
  reference,
});
