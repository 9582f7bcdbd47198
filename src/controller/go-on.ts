import { isPending, type RecordHead } from '../core/record.ts';
import { type Decision, isRequested, ownRecords, undoing } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import { reasonOf } from '../ports/errors.ts';
import { admit } from '../stages/admit.ts';
import type { Deps } from './deps.ts';
import { watchOver } from './drift/drift.ts';
import { earlierOf, storedOf } from './memory.ts';
import { beginRollout, look, roll } from './roll.ts';
import { isAdmitted, type Run } from './run.ts';
import { goBack } from './go-back.ts';
import { uninstallFailed } from './leave/uninstall.ts';
import { isMoving } from './target.ts';

/** A revision that is open already, perhaps by a process that is gone: its stored manifest is what counts. */
export const goOn = async (deps: Deps, run: Run, records: readonly RecordHead[], record: RecordHead): Promise<Outcome> => {
  const known = deps.rollouts.of(run, record);
  // Who wishes for a look at a revision that has failed wants more than a look, but not at each look until status says that it was met.
  const isOnceMore = record.status === 'failed' && isRequested(record, run.request) && known?.answers !== run.request;
  if (known?.applied !== undefined && !isOnceMore) return look(deps, run, { ...known, applied: known.applied }, records);
  await admit(deps.releases, run.release, run.address, run.signal);
  const { planned, hookEvents, firstDeployed } = await storedOf(deps, run, record);
  const others = records.filter((one) => one !== record);
  const rollout = beginRollout(deps, run, record, { planned, hookEvents, firstDeployed, earlier: await earlierOf(deps, run, others) });
  return roll(
    deps,
    run,
    known === undefined || isOnceMore
      ? { ...rollout, isOnceMore, answers: isOnceMore ? run.request : undefined }
      : { ...rollout, since: known.since, completed: known.completed, isOnceMore: known.isOnceMore, answers: known.answers },
    planned,
    records,
  );
};

/**
 * What is asked for cannot be told, or not be begun, at present, and the error says why. A revision of ours that is under way is brought to its end all the same, and one that
 * failed is undone; what is deployed is watched over. Rejects with the error where there is none of these.
 */
export const makeDo = async (deps: Deps, run: Run, records: readonly RecordHead[], error: unknown): Promise<Outcome> => {
  const reason = reasonOf(error);
  if (reason === undefined || reason === 'ClusterUnavailable' || !(error instanceof Error)) throw error;
  const end = looseEndOf(records, run);
  if (end === undefined) {
    const newest = newestOf(records, run);
    if (newest?.status !== 'deployed' || isMoving(run.release, run.address)) throw error;
    return { reason, message: error.message, ...(await watchOver(deps, run, { record: newest, inventory: undefined })) };
  }
  const outcome = await tie(deps, run, records, end);
  return { ...outcome, fetchTrouble: { reason, message: error.message }, lookAgainAfterMs: Math.min(outcome.lookAgainAfterMs ?? STRANDED_PAUSE_MS, STRANDED_PAUSE_MS) };
};

const tie = (deps: Deps, run: Run, records: readonly RecordHead[], end: LooseEnd): Promise<Outcome> => {
  switch (end.kind) {
    case 'Continue':
      return goOn(deps, run, records, end.record);
    case 'GoBack':
      return goBack(deps, run, records, end);
    case 'Uninstall':
      return uninstallFailed(deps, run);
  }
};

type LooseEnd = Extract<Decision, { readonly kind: 'Continue' | 'GoBack' | 'Uninstall' }>;

/** What is to be done about the newest revision, where it is ours, whatever is asked for now; undefined where that is nothing. */
export const looseEndOf = (records: readonly RecordHead[], run: Run): LooseEnd | undefined => {
  const { metadata, spec } = run.release;
  const newest = newestOf(records, run);
  if (newest === undefined) return undefined;
  return isPending(newest.status) ? { kind: 'Continue', record: newest } : undoing(records, newest, { uid: metadata.uid, onFailure: spec.onFailure });
};

/** The newest revision, where we made it. */
const newestOf = (records: readonly RecordHead[], { release, key, address }: Run): RecordHead | undefined => {
  const newest = ownRecords(records, { uid: release.metadata.uid, chartRelease: key, isAdmitted: isAdmitted(release, address) }).at(-1);
  return newest === records.at(-1) && newest?.notes !== undefined ? newest : undefined;
};

/** How soon a digest that could not be begun is tried again once the revision before it has ended. */
const STRANDED_PAUSE_MS = 10_000;
