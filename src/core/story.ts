import type { ChartSummary } from '../api/chart-release.ts';
import { printDuration } from './duration.ts';
import type { RecordHead } from './record.ts';
import { parseReference, shortDigest } from './reference.ts';

/** What runs, and what is looked at next: the Ready message of a release that is as it should be. */
export const describeRunning = (record: RecordHead, reference: string, intervalMs: number): string => {
  const { notes } = record;
  if (notes === undefined) return `revision ${record.revision} runs`;
  return `${notes.chartName} ${notes.chartVersion} (${shortDigest(notes.chartDigest)}) runs as revision ${record.revision}; ${whatNext(reference, intervalMs)}`;
};

/** That nothing is done, by request; `since` is RFC 3339. */
export const describeSuspended = (since: string): string => `suspended since ${since} by spec.suspend`;

/** The end of a message about what cannot be had: what there is instead. */
export const describeStillRunning = (revision: number, { name, version }: Pick<ChartSummary, 'name' | 'version'>): string =>
  `; revision ${revision} (${name} ${version}) keeps running`;

/** What a revision waits for. */
export const describeWaiting = (record: RecordHead, waitsFor: string): string =>
  `revision ${record.revision} (${shortDigest(record.notes?.chartDigest ?? '')}) is applied; waiting for ${waitsFor}`;

/** Which hook a revision waits for. */
export const describeHook = (record: RecordHead, waitsFor: string): string => `revision ${record.revision} (${shortDigest(record.notes?.chartDigest ?? '')}) waits for ${waitsFor}`;

/** What became of an object that was applied. */
export const describeGone = (object: string): string => `${object} was deleted; annotate the ChartRelease with tagalong.dev/reconcile-at to have it applied again`;

/** Why a revision failed, and what happens next. */
export const describeFailure = (record: RecordHead, verdict: { readonly kind: 'Waiting' | 'Failed'; readonly message: string }, timeout: string): string => {
  const why = verdict.kind === 'Failed' ? `failed: ${verdict.message}` : `was not ready within ${timeout}: ${verdict.message}`;
  return `revision ${record.revision} (${shortDigest(record.notes?.chartDigest ?? '')}) ${why}; it stays in place and is deployed as soon as it becomes ready`;
};

const whatNext = (reference: string, intervalMs: number): string => {
  const parsed = parseReference(reference);
  if (parsed.kind === 'Reference' && parsed.reference.digest !== undefined) return `pinned by digest`;
  return `${reference} is looked at every ${printDuration(intervalMs)}`;
};
