import { isPending, type RecordHead, type Term } from './record.ts';

/** The highest epoch of a Lease that stands in records, or was known before; undefined where there is none. */
export const highestEpochIn = (records: readonly RecordHead[], lease: string, known: number | undefined): number | undefined =>
  records.reduce((highest, { term }) => (term?.lease === lease && term.epoch > (highest ?? -1) ? term.epoch : highest), known);

/** A record that says that a later leader has opened it, and in which epoch: a leader who finds one has reason to look at his Lease. */
export const openedLater = (records: readonly RecordHead[], own: Term): { readonly record: string; readonly epoch: number } | undefined => {
  const later = records.find(({ status, term }) => isPending(status) && term?.lease === own.lease && term.epoch > own.epoch);
  return later?.term === undefined ? undefined : { record: later.secret, epoch: later.term.epoch };
};
