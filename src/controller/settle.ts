import type { ChartRelease } from '../api/chart-release.ts';
import type { ObjectRef } from '../core/object-ref.ts';
import { isSameAddress, type RecordHead } from '../core/record.ts';
import type { Outcome } from '../core/status.ts';
import { triedAgainAt } from '../core/remedy.ts';
import { pinOf } from '../core/pin.ts';
import { describePinned, describeRunning, describeUndone } from '../core/story.ts';
import { arrive } from '../stages/admit.ts';
import { lookedAtEvery } from '../stages/resolve.ts';
import type { Deps } from './deps.ts';
import { retire } from './leave/retire.ts';
import { isAdmitted, type Run, timeoutMsOf } from './run.ts';

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
  if (former.length > 0) await arrive(deps.releases, release, address, signal);
  const outcome = { ...running(release, { record, reference, records }), ...(inventory !== undefined && { inventory }) };
  for (const one of former) {
    const held = await retire(
      deps,
      {
        owner: release.metadata,
        address: one,
        isAdmitted: isAdmitted(release, one),
        except: inventory ?? [],
        told: [],
        timeoutMs: timeoutMsOf(release),
        keepsRecords: false,
        isNamespaceGoing: false,
      },
      signal,
    );
    if (held !== undefined) return { ...outcome, lookAgainAfterMs: held.lookAgainAfterMs };
  }
  return { ...outcome, releases: [address] };
};

/** That this revision runs, in words and as data: because it is asked for, is held, or is what was left when something else failed. */
export const running = (release: ChartRelease, { record, reference, records }: Omit<Deployed, 'inventory'>): Outcome => {
  const pin = pinOf(release.metadata.annotations);
  if (pin.kind === 'Pinned') return { reason: 'Pinned', message: describePinned(record, pin.revision), records };
  const returns = record.notes?.returns;
  if (returns?.kind === 'Failed') return { reason: 'RolledBack', records, ...undone(record, returns.failed) };
  return {
    reason: record.notes?.action === 'install' ? 'InstallSucceeded' : 'UpgradeSucceeded',
    message: describeRunning(record, reference, lookedAtEvery(release)),
    records,
    reference,
  };
};

/** That what failed was undone by this revision, or this one by an uninstall, and when it is tried again. */
export const undone = (by: RecordHead, failed: Parameters<typeof describeUndone>[0]): Pick<Outcome, 'message' | 'triedAgain'> => ({
  message: describeUndone(failed, triedAgainAt(by)),
  triedAgain: { at: triedAgainAt(by), failures: failed.attempt },
});
