import { isPending, type RecordHead, type RevisionNotes } from './record.ts';

/** What the records of one Helm release say of a move of many. */
export interface Evidence {
  /** The ChartRelease that made the newest of them that anybody of us has made. */
  readonly key: string;
  /** The newest record is a revision of ours that is open, or that has failed where there is a good one to go back to. */
  readonly isRolling: boolean;
  /** The chart digest of that open revision, where it was not opened to undo another. */
  readonly triesOut: string | undefined;
  /** The chart digest on which it has failed, and when, in s; undefined where the newest revision of ours has not. */
  readonly failure: { readonly digest: string; readonly at: number } | undefined;
  /** Chart digests on which a revision of ours has become ready once. */
  readonly readyOn: readonly string[];
}

/** What the records of a release, oldest first, say; undefined where none of them is of ours. */
export const evidenceOf = (records: readonly RecordHead[]): Evidence | undefined => {
  const own = records.filter(isOurs);
  const newest = own.at(-1);
  if (newest === undefined) return undefined;
  const isLast = newest === records.at(-1);
  const isOpen = isLast && isPending(newest.status);
  return {
    key: newest.notes.chartRelease,
    isRolling: isOpen || (isLast && mayGoBack(records, newest)),
    triesOut: isOpen && newest.notes.action !== 'rollback' ? newest.notes.chartDigest : undefined,
    failure: failureOf(newest),
    readyOn: [...new Set(own.filter(({ status }) => status === 'deployed' || status === 'superseded').map(({ notes }) => notes.chartDigest))],
  };
};

/** Whether it does is for the spec to say, and for the next run to do. */
const mayGoBack = (records: readonly RecordHead[], { status, notes }: OwnRecord): boolean =>
  status === 'failed' && notes.action !== 'rollback' && records.some((record) => record.status === 'deployed');

/** A failure counts until the release runs what failed, or is asked for something else: also while it is undone, was undone, or is tried again. */
const failureOf = (newest: OwnRecord): Evidence['failure'] => {
  const { status, notes, createdAt, modifiedAt } = newest;
  if (notes.returns?.kind === 'Failed') return { digest: notes.returns.failed.chartDigest, at: createdAt };
  if (status === 'failed' || isUninstalled(status)) return { digest: notes.chartDigest, at: modifiedAt };
  return isPending(status) && notes.attempt > 1 ? { digest: notes.chartDigest, at: createdAt } : undefined;
};

/** Of ChartReleases that stay, only what has failed is uninstalled; stock helm drops our notes when it does that. */
const isUninstalled = (status: RecordHead['status']): boolean => status === 'uninstalled' || status === 'uninstalling';

type OwnRecord = RecordHead & { readonly notes: RevisionNotes };

/** Earlier versions did not note the name of the ChartRelease. */
const isOurs = (record: RecordHead): record is OwnRecord => record.notes !== undefined && record.notes.chartRelease !== '';
