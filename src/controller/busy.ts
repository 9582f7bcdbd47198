import { timestamp } from '../api/time.ts';
import { lastWrittenByHelm } from '../core/managed-fields.ts';
import { printAddress, type RecordHead } from '../core/record.ts';
import { ownRecords, type Target } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import { describeBusy } from '../core/story.ts';
import { planAgain } from '../stages/plan.ts';
import { recall } from '../stages/recall.ts';
import type { Deps } from './deps.ts';
import { type Run, timeoutMsOf } from './run.ts';

/**
 * Waits for a helm that is at work on the release: until it writes to its record, which wakes the release, or has written nothing for
 * so long, to the record or to an object of it, that it must be dead. Returns what is waited for, or undefined where the wait is over.
 */
export const waitForHelm = async (
  deps: Deps,
  { release, key, address, signal }: Run,
  {
    records,
    record,
    owner,
  }: { readonly records: readonly RecordHead[]; readonly record: RecordHead; readonly owner: Pick<Target, 'uid' | 'chartRelease' | 'isAdmitted' | 'isMoving'> },
): Promise<Outcome | undefined> => {
  deps.rollouts.forget(key);
  deps.causes.forget(key);
  const patienceMs = Math.max(deps.takeoverAfterMs, timeoutMsOf(release));
  const isQuiet = (since: number) => since + patienceMs <= deps.clock.now();
  // The objects are looked at only when the record alone says nothing against it, and can be read.
  const writtenAt = isQuiet(record.modifiedAt * 1000) && record.damage === undefined ? await lastWrite(deps, { release, address, signal }, record) : record.modifiedAt * 1000;
  if (isQuiet(writtenAt)) return undefined;
  const at = writtenAt + patienceMs;
  return {
    reason: 'ReleaseBusy',
    message: describeBusy(record, `Helm release ${printAddress(address)}`, timestamp(at)),
    // While it moves, what runs is elsewhere.
    ...(!owner.isMoving && { records: ownRecords(records, owner) }),
    lookAgainAfterMs: at - deps.clock.now(),
  };
};

const lastWrite = async (deps: Deps, { release, address, signal }: Pick<Run, 'release' | 'address' | 'signal'>, record: RecordHead): Promise<number> => {
  const { objects } = await recall(deps, { owner: release.metadata, address, record }, signal);
  const placed = await planAgain(deps.cluster, objects, address.namespace, signal);
  const times = await Promise.all(placed.map(async ({ ref }) => lastWrittenByHelm((await deps.cluster.look(ref, signal))?.managed ?? [])));
  return Math.max(record.modifiedAt * 1000, ...times.flatMap((time) => time ?? []));
};
