import { isPending, type RecordHead } from '../core/record.ts';
import { isRequested, ownRecords } from '../core/release-state.ts';
import { remedyFor } from '../core/remedy.ts';
import type { Outcome } from '../core/status.ts';
import { reasonOf } from '../ports/errors.ts';
import { admit } from '../stages/admit.ts';
import type { Deps } from './deps.ts';
import { earlierOf, storedOf } from './memory.ts';
import { beginRollout, look, roll } from './roll.ts';
import { isAdmitted, type Run } from './run.ts';
import { goBack } from './go-back.ts';

/** A revision that is open already, perhaps by a process that is gone: its stored manifest is what counts. */
export const goOn = async (deps: Deps, run: Run, records: readonly RecordHead[], record: RecordHead): Promise<Outcome> => {
  const known = deps.rollouts.of(run, record);
  // Who wishes for a look at a revision that has failed wants more than a look.
  const isOnceMore = record.status === 'failed' && isRequested(record, run.request);
  if (known?.applied !== undefined && !isOnceMore) return look(deps, run, { ...known, applied: known.applied }, records);
  await admit(deps.releases, run.release, run.address, run.signal);
  const { planned, hookEvents, firstDeployed } = await storedOf(deps, run, record);
  const others = records.filter((one) => one !== record);
  const rollout = beginRollout(deps, run, record, { planned, hookEvents, firstDeployed, earlier: await earlierOf(deps, run, others) });
  return roll(
    deps,
    run,
    known === undefined || isOnceMore ? { ...rollout, isOnceMore } : { ...rollout, since: known.since, completed: known.completed, isOnceMore: known.isOnceMore },
    planned,
    records,
  );
};

/** What is asked for cannot be told now, and the error says why: what is under way is brought to its end, and what failed is undone, all the same. */
export const makeDo = async (deps: Deps, run: Run, records: readonly RecordHead[], error: Error): Promise<Outcome> => {
  const failed = newestOf(records, run);
  const [reason, { onFailure }] = [reasonOf(error), run.release.spec];
  const remedy = failed?.status === 'failed' ? remedyFor(records, failed, onFailure) : undefined;
  if (failed === undefined || remedy?.kind !== 'Rollback' || reason === undefined || reason === 'ClusterUnavailable')
    return fallBack(deps, run, records, underWayOf(records, run), error);
  const outcome = await goBack(deps, run, records, { kind: 'GoBack', revision: failed.revision + 1, to: remedy.to, failed, abandoned: [] });
  return { ...outcome, fetchTrouble: { reason, message: error.message } };
};

/** Brings the revision that is under way, if there is one, to its end, and says why it is not the new one. */
export const fallBack = async (deps: Deps, run: Run, records: readonly RecordHead[], underWay: RecordHead | undefined, error: unknown): Promise<Outcome> => {
  const reason = reasonOf(error);
  if (underWay === undefined || reason === undefined || reason === 'ClusterUnavailable' || !(error instanceof Error)) throw error;
  const outcome = await goOn(deps, run, records, underWay);
  return { ...outcome, fetchTrouble: { reason, message: error.message }, lookAgainAfterMs: Math.min(outcome.lookAgainAfterMs ?? STRANDED_PAUSE_MS, STRANDED_PAUSE_MS) };
};

/** The revision of ours that is open, where nothing newer is there. */
export const underWayOf = (records: readonly RecordHead[], run: Run): RecordHead | undefined => {
  const newest = newestOf(records, run);
  return newest !== undefined && isPending(newest.status) ? newest : undefined;
};

/** The newest revision, where we made it. */
const newestOf = (records: readonly RecordHead[], { release, key, address }: Run): RecordHead | undefined => {
  const newest = ownRecords(records, { uid: release.metadata.uid, chartRelease: key, isAdmitted: isAdmitted(release, address) }).at(-1);
  return newest === records.at(-1) && newest?.notes !== undefined ? newest : undefined;
};

/** How soon a digest that could not be begun is tried again once the revision before it has ended. */
const STRANDED_PAUSE_MS = 10_000;
