import type { OnFailure } from '../api/chart-release.ts';
import type { FailedRevision, RecordHead, RevisionInputs, RevisionNotes } from './record.ts';
import { undoneRetryDelayMs } from './retry.ts';

/** What is done about a revision that failed. */
export type Remedy =
  /** It stays in place, and is deployed as soon as it becomes ready. */
  | { readonly kind: 'Keep' }
  /** The manifest of that revision, the last good one, is applied again. */
  | { readonly kind: 'Rollback'; readonly to: RecordHead }
  | { readonly kind: 'Uninstall' };

/**
 * The remedy for the failed revision, which is the newest. Without a last good revision there is nothing to go back to: a first install
 * stays in place. A revision that was to bring an earlier one back is not undone in turn.
 */
export const remedyFor = (records: readonly RecordHead[], failed: RecordHead, onFailure: OnFailure | undefined): Remedy => {
  if (failed.notes === undefined || failed.notes.action === 'rollback' || onFailure === 'Keep') return { kind: 'Keep' };
  if (onFailure === 'Uninstall') return { kind: 'Uninstall' };
  const to = lastGood(records, failed);
  return to === undefined ? { kind: 'Keep' } : { kind: 'Rollback', to };
};

/** What was asked for when the revision was opened, and as which revision: itself, or what it undid. */
export const askedBy = (record: RecordHead): (RevisionInputs & Pick<FailedRevision, 'generation' | 'reference' | 'attempt' | 'revision'>) | undefined => {
  const { notes, revision } = record;
  if (notes === undefined) return undefined;
  return notes.returns?.kind === 'Failed' ? notes.returns.failed : { ...inputsOf(notes), revision };
};

/** A failed revision as the one that undoes it notes it; `why` is cut to what an annotation bears. */
export const failureOf = ({ notes, revision }: RecordHead, why: string): FailedRevision | undefined =>
  notes === undefined ? undefined : { ...inputsOf(notes), revision, why: why.slice(0, MOST_WORDS) };

/** When the same is tried again after it was undone at that time, in ms. */
export const triedAgainAt = (undone: RecordHead): number => (undone.endedAt ?? undone.createdAt) * 1000 + undoneRetryDelayMs(askedBy(undone)?.attempt ?? 1);

const inputsOf = ({ chartDigest, valuesDigest, generation, reference, attempt }: RevisionNotes) => ({ chartDigest, valuesDigest, generation, reference, attempt });

/** Since the release was uninstalled last, if it ever was. Where the deployed one cannot be read, one that was deployed before it. */
const lastGood = (records: readonly RecordHead[], failed: RecordHead): RecordHead | undefined => {
  const since = records.slice(records.findLastIndex(({ status }) => status === 'uninstalled') + 1).filter(({ revision }) => revision < failed.revision);
  const deployed = since.findLast(({ status }) => status === 'deployed');
  return deployed?.damage === undefined ? deployed : since.findLast(({ status, damage }) => (status === 'deployed' || status === 'superseded') && damage === undefined);
};

const MOST_WORDS = 1_000;
