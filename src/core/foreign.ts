import type { DriftMode, HistoryEntry, Trigger } from '../api/chart-release.ts';
import { epochMsOf } from '../api/time.ts';
import type { RecordHead, RevisionInputs } from './record.ts';
import { askedBy } from './remedy.ts';

/** What was asked for last, and the revision that was opened for it, whose record helm may have dropped: it keeps ten. */
export interface LastAsked extends RevisionInputs {
  readonly revision: number;
  readonly record: RecordHead | undefined;
}

/**
 * What was asked for last, as far as is known: stock helm drops our notes from a record that it rewrites, and then what status told of that
 * revision before still holds, also where its record is gone by now. `own` are the records of the release, oldest first.
 */
export const lastAskedOf = (own: readonly RecordHead[], told: readonly HistoryEntry[]): LastAsked | undefined => {
  for (const record of own.toReversed()) {
    const asked = askedBy(record) ?? toldInputs(record, told);
    if (asked !== undefined) return { revision: record.revision, record, chartDigest: asked.chartDigest, valuesDigest: asked.valuesDigest };
  }
  const entry = lastToldBefore(own, told);
  return entry === undefined ? undefined : { revision: entry.revision, record: undefined, chartDigest: entry.digest, valuesDigest: entry.values };
};

/** The newest revision that status told of and that was asked for. */
export const lastTold = (told: readonly HistoryEntry[]): Asked | undefined => told.find(isAsked);

/** The same, where it is older than every record: helm keeps ten of them. */
export const lastToldBefore = ([oldest]: readonly RecordHead[], told: readonly HistoryEntry[]): Asked | undefined => {
  const last = lastTold(told);
  return oldest !== undefined && last !== undefined && last.revision < oldest.revision ? last : undefined;
};

/** Whether the revision is one of ours though its record has no notes of ours any more. */
export const isRewritten = (record: RecordHead, told: readonly HistoryEntry[]): boolean => record.notes === undefined && toldOf(record, told)?.values !== undefined;

/** What status told of the revision of this record. The time may be off by a little: with our notes went our word for it, and the API server's is left. */
export const toldOf = (record: RecordHead, told: readonly HistoryEntry[]): HistoryEntry | undefined =>
  told.find(({ revision, when }) => revision === record.revision && Math.abs(epochMsOf(when) - record.createdAt * 1000) < CLOCKS_APART_MS);

/** The newest record is a person's: it is ours after all, stays, or is taken back for being his; undefined where something else has what is asked for brought about. */
export type HandStep = 'Ours' | 'Theirs' | 'TakenBack' | undefined;

/**
 * What to do where the newest record has no notes of ours. A person's revision stays, failed or not, until something else is asked for than
 * before it, or where the release corrects; it is brought back once each time, never in a loop of its own.
 */
export const stepFor = (newest: RecordHead, wanted: RevisionInputs, last: LastAsked | undefined, told: readonly HistoryEntry[], mode: DriftMode): HandStep => {
  if (last === undefined || last.chartDigest !== wanted.chartDigest || last.valuesDigest !== wanted.valuesDigest) return undefined;
  if (isRewritten(newest, told)) return newest.status === 'deployed' ? 'Ours' : undefined;
  if (newest.status !== 'deployed' && newest.status !== 'failed') return undefined;
  return mode === 'Correct' ? 'TakenBack' : 'Theirs';
};

/** Why a revision is needed where the newest record has no notes of ours, but for one that is `TakenBack`. */
export const triggerAfter = (last: LastAsked | undefined, wanted: RevisionInputs, of: { readonly isOurs: boolean; readonly isSameSpec: boolean }): Trigger => {
  if (last === undefined) return of.isOurs ? 'ChangedByHand' : 'Adopted';
  if (last.chartDigest !== wanted.chartDigest) return 'DigestChanged';
  if (last.valuesDigest !== wanted.valuesDigest) return of.isSameSpec ? 'ValuesChanged' : 'SpecChanged';
  return 'ChangedByHand';
};

/** A status that says that a helm is, or was, at work: nobody else should write then. */
export const isAtWork = ({ status }: RecordHead): boolean => status.startsWith('pending-') || status === 'uninstalling';

const toldInputs = (record: RecordHead, told: readonly HistoryEntry[]): RevisionInputs | undefined => {
  const entry = toldOf(record, told);
  return entry !== undefined && isAsked(entry) ? { chartDigest: entry.digest, valuesDigest: entry.values } : undefined;
};

/** One that brought an earlier revision back was not asked for itself; of a person's no digests are known. */
const isAsked = (entry: HistoryEntry): entry is Asked => entry.digest !== undefined && entry.values !== undefined && entry.action !== 'rollback';

type Asked = HistoryEntry & { readonly digest: string; readonly values: string };

const CLOCKS_APART_MS = 60_000;
