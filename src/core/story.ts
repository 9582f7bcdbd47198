import { type ChartSummary, PIN } from '../api/chart-release.ts';
import { timestamp } from '../api/time.ts';
import { printDuration } from './duration.ts';
import type { FailedRevision, RecordHead, RevisionNotes } from './record.ts';
import { parseReference, shortDigest } from './reference.ts';
import type { Remedy } from './remedy.ts';

/** What runs, and what is looked at next: the Ready message of a release that is as it should be. */
export const describeRunning = (record: RecordHead, reference: string, intervalMs: number): string => {
  const { notes } = record;
  if (notes === undefined) return `revision ${record.revision} runs`;
  return `${notes.chartName} ${notes.chartVersion} (${shortDigest(notes.chartDigest)}) runs as revision ${record.revision}${notes.trigger === 'VersionWithdrawn' ? WITHDRAWN : ''}; ${whatNext(reference, intervalMs)}`;
};

const WITHDRAWN = ', since a higher version in the range, which ran before, is gone from the registry';

/** A revision that a person's helm made, as its record describes it. */
export interface HandMade {
  readonly revision: number;
  readonly chart: Pick<RevisionNotes, 'chartName' | 'chartVersion' | 'appVersion'>;
  /** Helm's own words. */
  readonly description: string;
}

/** What runs, where a person's helm brought it, and what is looked at next. */
export const describeHandMade = (made: HandMade, reference: string, intervalMs: number): string => `${printHandMade(made)} runs; ${whatNext(reference, intervalMs)}`;

/** That a person's helm failed, and what can be done about it. */
export const describeHandFailed = (made: HandMade): string => `${printHandMade(made)} failed: run helm again, or have what the spec asks for brought back: ${BRING_BACK}`;

/** That something else runs than what the spec asks for, which the revision `last` was opened for. */
export const describeChangedByHand = (made: HandMade, last: number, reference: string): string =>
  `${printHandMade(made)} is in the place of what the spec asks for, ${reference}, which revision ${last} was for; to have that brought back: ${BRING_BACK}`;

/** That a helm is at work; `takenOverAt` is RFC 3339. */
export const describeBusy = ({ revision, status }: RecordHead, release: string, takenOverAt: string): string =>
  `${release} is at revision ${revision} ${status}, which somebody's helm began; it is waited for, and taken over at ${takenOverAt} if helm writes nothing until then`;

const printHandMade = ({ revision, chart, description }: HandMade): string => `revision ${revision} (${chart.chartName} ${chart.chartVersion}) by somebody's helm (${description})`;

const BRING_BACK = 'move the tag, change the values, or set spec.drift.mode to Correct';

/** That nothing is done, by request; `since` is RFC 3339. */
export const describeSuspended = (since: string): string => `suspended since ${since} by spec.suspend`;

/** The end of a message about what cannot be had: what there is instead. */
export const describeStillRunning = (revision: number, { name, version }: Pick<ChartSummary, 'name' | 'version'>): string =>
  `; revision ${revision} (${name} ${version}) keeps running`;

/** That a new revision waits for others to be done. Says nothing that changes while it waits. */
export const describeTurn = (most: number): string => `waits for its turn: at most ${most} roll out at a time (--max-rolling)`;

/** That a new revision is held back because of what became of others. Says nothing that changes while it is held. */
export const describeSuspect = (digest: string, { first, isConfirmed, after }: { readonly first: string; readonly isConfirmed: boolean; readonly after: number }): string => {
  const failed = isConfirmed
    ? `${after} or more ChartReleases have failed on it, ${first} first, and none has become ready on it`
    : `${first} has failed on it, none has become ready on it, and others are trying it already`;
  return `holds back from ${shortDigest(digest)}: ${failed}; goes on when one becomes ready on it, or the tag moves on; annotate this ChartRelease with tagalong.dev/reconcile-at to have it go on now`;
};

/** That what was corrected does not stay so. */
export const describeContested = (drift: string): string => `${drift}; it is taken back whenever it is corrected, so with growing pauses`;

/** That the API server refuses a correction, in its words. */
export const describeRefused = (drift: string, why: string): string => `${drift}; cannot be corrected: ${why}`;

/** What a revision waits for. */
export const describeWaiting = (record: RecordHead, waitsFor: string): string =>
  `revision ${record.revision} (${shortDigest(record.notes?.chartDigest ?? '')}) is applied; waiting for ${waitsFor}`;

/** Which hook, or what else, a revision waits for before it can go on. */
export const describeHeld = (record: RecordHead, waitsFor: string): string => `revision ${record.revision} (${shortDigest(record.notes?.chartDigest ?? '')}) waits for ${waitsFor}`;

/** What became of an object that was applied. */
export const describeGone = (object: string): string => `${object} was deleted; annotate the ChartRelease with tagalong.dev/reconcile-at to have it applied again`;

/** Why a revision failed, and what happens next. */
export const describeFailure = (record: RecordHead, verdict: { readonly kind: 'Waiting' | 'Failed'; readonly message: string }, timeout: string, remedy: Remedy): string => {
  const why = verdict.kind === 'Failed' ? `failed: ${verdict.message}` : `was not ready within ${timeout}: ${verdict.message}`;
  return `revision ${record.revision} (${shortDigest(record.notes?.chartDigest ?? '')}) ${why}; ${describeRemedy(remedy)}`;
};

const describeRemedy = (remedy: Remedy): string => {
  switch (remedy.kind) {
    case 'Keep':
      return 'it stays in place and is deployed as soon as it becomes ready';
    case 'Rollback':
      return `revision ${remedy.to.revision} is applied again`;
    case 'Uninstall':
      return 'the release is uninstalled, as spec.onFailure says';
  }
};

/** That a failed revision was undone, and when it is tried again, in ms. */
export const describeUndone = ({ reference, chartDigest, attempt, why }: Pick<FailedRevision, 'reference' | 'chartDigest' | 'attempt' | 'why'>, triedAgainAt: number): string => {
  const tries = attempt === 1 ? '' : ` for the ${attempt}. time`;
  return `${reference} (${shortDigest(chartDigest)}) failed${tries} and was undone: ${why}; the same is tried again at ${timestamp(triedAgainAt)}`;
};

/** That a person holds the revision with that number. */
export const describePinned = ({ revision, notes }: RecordHead, pin: number): string => {
  const chart = notes === undefined ? undefined : `${notes.chartName} ${notes.chartVersion}${notes.chartDigest === '' ? '' : ` (${shortDigest(notes.chartDigest)})`}`;
  return `${chart === undefined ? `revision ${revision} runs` : `${chart} runs as revision ${revision}`}${revision === pin ? '' : `, which is revision ${pin} again`}, held by the annotation ${PIN}; nothing is followed until it is taken away`;
};

const whatNext = (reference: string, intervalMs: number): string => {
  const parsed = parseReference(reference);
  if (parsed.kind === 'Reference' && parsed.reference.digest !== undefined) return `pinned by digest`;
  return `${reference} is looked at every ${printDuration(intervalMs)}`;
};

/** A record that somebody has damaged. */
export const describeDamage = (revision: number, damage: string): string => `the record of revision ${revision} cannot be read: ${damage}; nothing is deleted on its account`;
