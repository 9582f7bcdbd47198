import { type DriftMode, type HistoryEntry, type OnFailure, PIN, type Trigger } from '../api/chart-release.ts';
import type { Reason } from '../api/reasons.ts';
import { isAtWork, type LastAsked, lastAskedOf, stepFor, triggerAfter } from './foreign.ts';
import { isPending, type RecordHead, type ReleaseAddress, type RevisionInputs, type RevisionNotes } from './record.ts';
import { shortDigest } from './reference.ts';
import { askedBy, remedyFor, triedAgainAt } from './remedy.ts';

/** A ChartRelease as records know it. */
export interface RecordOwner {
  readonly uid: string;
  /** Its `namespace/name`. */
  readonly chartRelease: string;
}

/** What the ChartRelease asks for, as far as it is known. */
export interface Target extends RecordOwner {
  /** Its generation. */
  readonly generation: number;
  readonly address: ReleaseAddress;
  readonly reference: string;
  /** The tag that a range of versions has chosen; undefined where there is no range, or nothing was chosen yet. */
  readonly tag: string | undefined;
  /** It is a lower version than the same range chose before: that one is gone from the registry. */
  readonly isWithdrawn: boolean;
  readonly valuesDigest: string;
  /** What the reference points at; undefined while the registry has not said. */
  readonly digest: string | undefined;
  /** What this very spec pointed at when it was deployed, as status has it. */
  readonly deployedDigest: string | undefined;
  /** Status says that the ChartRelease has written here before; stock helm drops our notes from every record that it rewrites. */
  readonly isAdmitted: boolean;
  /** The ChartRelease has written to another Helm release since: what runs here may not be as its record says. */
  readonly isMoving: boolean;
  /** What is done about a revision that fails; undefined where the spec leaves it open. */
  readonly onFailure: OnFailure | undefined;
  /** Somebody asks for a look, and no status says yet that it was met; undefined where nobody does. */
  readonly request: string | undefined;
  /** What is done about what a person's helm has made of the release. */
  readonly driftMode: DriftMode;
  /** What status has told of earlier revisions. */
  readonly told: readonly HistoryEntry[];
  /** A helm that was at work has not written anything for so long that its revision is taken over. */
  readonly isTakenOver: boolean;
  /** Why the registry did not say, or cannot be asked at present. */
  readonly trouble: Trouble | undefined;
}

export interface Trouble {
  readonly reason: Reason;
  readonly message: string;
}

/** What to do about a release, decided on its records alone. */
export type Decision =
  /** The deployed revision is what is asked for, or what is held in its place. `stale` are older records that still say deployed. */
  | { readonly kind: 'Keep'; readonly deployed: RecordHead; readonly stale: readonly RecordHead[] }
  /** A person's helm made the newest revision, and nothing else is asked for than before that: it stays. `stale` as with Keep. */
  | KeepByHand
  /** Somebody's helm is at work on the newest revision, or was when it was killed. */
  | Busy
  /** The newest revision is what is asked for, or undoes it, and is not finished: go on with its stored manifest. */
  | { readonly kind: 'Continue'; readonly record: RecordHead }
  /** A new revision is needed. `abandoned` are revisions that were under way to something else. */
  | {
      readonly kind: 'Start';
      readonly revision: number;
      readonly action: 'install' | 'upgrade';
      readonly trigger: Trigger;
      readonly digest: string;
      /** Which try at it. */
      readonly attempt: number;
      readonly abandoned: readonly RecordHead[];
    }
  /** An earlier revision is to be applied again: the last good one after a failure, or the one that is pinned. */
  | GoBack
  /** The newest revision failed, and the release is to be uninstalled for that, or is on the way. */
  | { readonly kind: 'Uninstall'; readonly failed: RecordHead }
  /** It was uninstalled since its newest revision failed; the same is tried again then, in ms. */
  | { readonly kind: 'Absent'; readonly failed: RecordHead; readonly triedAgainAt: number }
  /** Nothing can be done about it now. */
  | Refuse;

type Refuse = { readonly kind: 'Refuse' } & Trouble;

export interface KeepByHand {
  readonly kind: 'KeepByHand';
  readonly newest: RecordHead;
  /** The revision that was opened for what is asked for. */
  readonly last: Pick<LastAsked, 'revision' | 'record'>;
  readonly stale: readonly RecordHead[];
}

export interface Busy {
  readonly kind: 'Busy';
  readonly record: RecordHead;
}

/** To which revision, in place of which newest one. */
export interface GoBack {
  readonly kind: 'GoBack';
  readonly revision: number;
  readonly to: RecordHead;
  /** Whose manifest that is: its own, or that of the revision that it has brought back, whose record may be gone. */
  readonly manifestOf: number;
  /** The failed revision that is undone; undefined for a revision that is pinned. */
  readonly failed: RecordHead | undefined;
  readonly abandoned: readonly RecordHead[];
}

/**
 * Decides, from the records of a release, from what is asked for and from the time in ms. Chart digest and values digest make the
 * difference, nothing else does: a new Kubernetes version or a new API would otherwise upgrade everything at once.
 */
export const decide = (records: readonly RecordHead[], target: Target, now: number): Decision => {
  const newest = records.at(-1);
  const objection = newest === undefined ? undefined : ownerObjection(records, newest, target);
  if (objection !== undefined) return objection;
  const digest = target.digest ?? lastKnownDigest(newest, target);
  if (digest === undefined) {
    return { kind: 'Refuse', ...(target.trouble ?? { reason: 'Progressing', message: `waiting for the registry to say what ${target.reference} points at` }) };
  }
  const wanted = { chartDigest: digest, valuesDigest: target.valuesDigest };
  if (newest !== undefined && newest.notes === undefined) return afterOthers(records, newest, target, wanted);
  const isSame = newest !== undefined && isAskedBy(newest, wanted);
  const step = isSame ? goOnWith(records, newest, target, now) : undefined;
  if (step !== undefined) return step;
  const attempt = isSame && isUndone(newest) && !isAnew(newest, target) ? (askedBy(newest)?.attempt ?? 1) + 1 : 1;
  return {
    kind: 'Start',
    revision: (newest?.revision ?? 0) + 1,
    action: sinceUninstalled(records).some(wasDeployed) ? 'upgrade' : 'install',
    trigger: attempt > 1 ? 'Retry' : triggerOf(newest, target, digest),
    digest,
    attempt,
    abandoned: abandonedIn(records, target),
  };
};

/** What to do where the newest record has no notes of ours: a person's helm wrote it, of our release or of one that is taken over. */
const afterOthers = (records: readonly RecordHead[], newest: RecordHead, target: Target, wanted: RevisionInputs): Decision => {
  const own = ownRecords(records, target);
  // What an earlier ChartRelease of the name asked for is no wish of this one.
  const last = lastAskedOf(
    own.filter(({ notes }) => notes === undefined || notes.uid === target.uid),
    target.told,
  );
  const step = target.isMoving || target.isTakenOver || newest.damage !== undefined ? undefined : stepFor(newest, wanted, last, target.told, target.driftMode);
  if (step === 'Ours') return { kind: 'Keep', deployed: newest, stale: staleBefore(records, newest) };
  if (step === 'Theirs' && last !== undefined) return { kind: 'KeepByHand', newest, last: { revision: last.revision, record: last.record }, stale: staleBefore(records, newest) };
  const isSameSpec = target.deployedDigest !== undefined;
  return {
    kind: 'Start',
    revision: newest.revision + 1,
    action: sinceUninstalled(records).some(wasDeployed) ? 'upgrade' : 'install',
    trigger: step === 'TakenBack' ? 'DriftCorrected' : isGone(newest) ? 'Created' : triggerAfter(last, wanted, { isOurs: own.length > 0, isSameSpec }),
    digest: wanted.chartDigest,
    attempt: 1,
    abandoned: abandonedBy(records, newest, target),
  };
};

/** What to do where the newest revision was opened for what is asked for now; undefined where it takes another one. */
const goOnWith = (records: readonly RecordHead[], newest: RecordHead, target: Target, now: number): Decision | undefined => {
  const keep = (): Decision | undefined => (target.isMoving ? undefined : { kind: 'Keep', deployed: newest, stale: staleBefore(records, newest) });
  const isUndoing = newest.notes?.returns?.kind === 'Failed';
  if ((isUndoing || isUndone(newest)) && isAnew(newest, target)) return undefined;
  const isDue = isUndone(newest) && (isRequested(newest, target.request) || now >= triedAgainAt(newest));
  switch (newest.status) {
    case 'deployed':
      return isDue ? undefined : keep();
    case 'pending-install':
    case 'pending-upgrade':
    case 'pending-rollback':
      return { kind: 'Continue', record: newest };
    case 'failed':
      return isDue ? undefined : remedied(records, newest, target);
    case 'uninstalling':
      return undoing(records, newest, target);
    case 'uninstalled':
      return isDue || !isUndone(newest) ? undefined : { kind: 'Absent', failed: newest, triedAgainAt: triedAgainAt(newest) };
    case 'superseded':
    case 'unknown':
      return undefined;
  }
};

/** The newest revision has failed, which is to be undone for that, or stays. */
const remedied = (records: readonly RecordHead[], newest: RecordHead, target: Target): Decision | undefined => {
  const step = undoing(records, newest, target);
  if (step === undefined) return { kind: 'Continue', record: newest };
  return isAnew(newest, target) ? undefined : step;
};

/** How the newest revision is undone, where it has failed or that has begun; undefined where nothing is undone. */
export const undoing = (
  records: readonly RecordHead[],
  newest: RecordHead,
  { uid, onFailure }: Pick<Target, 'uid' | 'onFailure'>,
): Extract<Decision, { readonly kind: 'GoBack' | 'Uninstall' }> | undefined => {
  // An earlier ChartRelease of the name has not failed: it was deleted.
  if (newest.status === 'uninstalling') return newest.notes?.uid === uid && onFailure === 'Uninstall' ? { kind: 'Uninstall', failed: newest } : undefined;
  const remedy = newest.status === 'failed' ? remedyFor(records, newest, onFailure) : undefined;
  switch (remedy?.kind) {
    case undefined:
    case 'Keep':
      return undefined;
    case 'Uninstall':
      return { kind: 'Uninstall', failed: newest };
    case 'Rollback':
      return { kind: 'GoBack', revision: newest.revision + 1, to: remedy.to, manifestOf: remedy.to.revision, failed: newest, abandoned: [] };
  }
};

/**
 * Decides for a release of which a person holds one revision: whatever the tag, the values or the spec say, that one's manifest is in the
 * cluster, applied again where another revision was since.
 */
export const decidePinned = (
  records: readonly RecordHead[],
  target: RecordOwner & Pick<Target, 'address' | 'isAdmitted' | 'isMoving' | 'isTakenOver'>,
  pin: number,
): Extract<Decision, { readonly kind: 'Keep' | 'Continue' | 'GoBack' | 'Refuse' | 'Busy' }> => {
  const newest = records.at(-1);
  const objection = newest === undefined ? undefined : ownerObjection(records, newest, target);
  if (objection !== undefined) return objection;
  if (newest !== undefined && ownRecords(records, target).length === 0) {
    return { kind: 'Refuse', reason: 'PinInvalid', message: `the release was made by stock helm, and is not taken over while ${PIN} holds a revision: take the annotation away` };
  }
  const isPinned = (record: RecordHead): boolean => record.revision === pin || record.notes?.returns?.to === pin;
  if (newest !== undefined && isPinned(newest)) {
    if (newest.status === 'deployed' && !target.isMoving) return { kind: 'Keep', deployed: newest, stale: staleBefore(records, newest) };
    if (newest.notes !== undefined && (isPending(newest.status) || newest.status === 'failed')) return { kind: 'Continue', record: newest };
  }
  const good = sinceUninstalled(records).filter(wasDeployed);
  const to = good.find(isPinned);
  if (to === undefined || newest === undefined) return { kind: 'Refuse', reason: 'PinInvalid', message: `${describePinned(pin)}, and ${describeGood(good)}` };
  return { kind: 'GoBack', revision: newest.revision + 1, to, manifestOf: pin, failed: undefined, abandoned: abandonedBy(records, newest, target) };
};

const describePinned = (pin: number): string => `${PIN} asks for revision ${pin}, which is not there, or never was deployed`;

const describeGood = (good: readonly RecordHead[]): string =>
  good.length === 0 ? 'no other was either' : `these may be held: ${good.map(({ revision }) => revision).join(', ')}; correct the annotation or take it away`;

/** The newest revision that is deployed, if one is. */
export const deployedOf = (records: readonly RecordHead[]): RecordHead | undefined => records.findLast((record) => record.status === 'deployed');

/**
 * The revision that runs while a newer digest of the same tag cannot be begun; undefined where what is asked for differs in more
 * than that, or where something else than this revision may be in the cluster.
 */
export const standing = (records: readonly RecordHead[], target: Target): RecordHead | undefined => {
  const newest = records.at(-1);
  const isSame = newest?.notes?.reference === target.reference && newest.notes.valuesDigest === target.valuesDigest;
  return isSame && newest.status === 'deployed' && newest.notes?.returns?.kind !== 'Failed' && isOf(newest, target) && !target.isMoving ? newest : undefined;
};

/**
 * Records that say which objects may still be in the cluster: the last deployed one and every later one, but none that helm has uninstalled.
 * Where that one cannot be read, those before it are asked too.
 */
export const mayHaveObjects = (records: readonly RecordHead[]): readonly RecordHead[] => {
  const readable = records.filter(({ damage }) => damage === undefined);
  const uninstalled = records.findLast((record) => record.status === 'uninstalled')?.revision ?? 0;
  const since = cleanedUpSince(readable);
  return readable.filter(({ revision }) => revision > uninstalled && revision >= since);
};

/**
 * We clean up after every revision before the one that we deploy. A person's helm compares with one before it alone: what failed before that may have
 * left objects, and so may what we deployed last, where a revision that was to clean up after it did not come to that.
 */
const cleanedUpSince = (records: readonly RecordHead[]): number => {
  const deployed = deployedOf(records);
  if (deployed === undefined || deployed.notes !== undefined) return deployed?.revision ?? 0;
  const before = records.slice(0, records.indexOf(deployed));
  const ours = before.findLast(({ status, notes }) => notes !== undefined && status === 'superseded') ?? deployed;
  const failed = before.slice(before.findLastIndex(({ status }) => !isPending(status) && status !== 'failed') + 1).at(0) ?? deployed;
  return Math.min(ours.revision, failed.revision);
};

/** Records to delete so that at most `limit` are left; never the newest deployed one, never a pending one. */
export const beyondLimit = (records: readonly RecordHead[], limit: number): readonly RecordHead[] => {
  const deployed = deployedOf(records);
  const removable = records.filter((record) => record !== deployed && !isPending(record.status));
  return removable.slice(0, Math.max(0, records.length - limit));
};

/** Whether the revision was opened for these inputs: itself, or to undo what had them; never one that cannot be read. */
const isAskedBy = (record: RecordHead, inputs: RevisionInputs): boolean => {
  const asked = askedBy(record);
  return record.damage === undefined && asked?.chartDigest === inputs.chartDigest && asked.valuesDigest === inputs.valuesDigest;
};

/** Whether what was asked for failed and is undone by now, or cannot be. */
const isUndone = ({ notes, status }: RecordHead): boolean =>
  (notes?.returns?.kind === 'Failed' && (status === 'deployed' || status === 'failed')) || (notes !== undefined && status === 'uninstalled');

/** Whether a request to be looked at has come since the revision was opened. */
export const isRequested = ({ notes }: RecordHead, request: string | undefined): boolean => request !== undefined && request !== notes?.request;

/** Whether the spec is another one than that with which it failed, or another ChartRelease's: that counts as another wish, whatever changed in it. */
const isAnew = (record: RecordHead, { uid, generation }: Target): boolean => record.notes?.uid !== uid || askedBy(record)?.generation !== generation;

const abandonedIn = (records: readonly RecordHead[], owner: RecordOwner): readonly RecordHead[] => records.filter((record) => isPending(record.status) && isOf(record, owner));

/** Those, and the newest one, which a helm that has died had begun. */
const abandonedBy = (records: readonly RecordHead[], newest: RecordHead, owner: RecordOwner): readonly RecordHead[] => [
  ...abandonedIn(records, owner),
  ...(isPending(newest.status) && !isOf(newest, owner) ? [newest] : []),
];

/** Records after the last one of a release that somebody uninstalled by hand, keeping its history. */
const sinceUninstalled = (records: readonly RecordHead[]): readonly RecordHead[] => records.slice(records.findLastIndex(isGone) + 1);

const isGone = (record: RecordHead): boolean => record.status === 'uninstalled' || record.status === 'uninstalling';

/**
 * The records of a release of ours, also those that a person's helm has made of it; none where the release is somebody else's:
 * two ChartReleases may both have been about to write here, and what only one of them did belongs to that one.
 */
export const ownRecords = (records: readonly RecordHead[], owner: RecordOwner & { readonly isAdmitted: boolean }): readonly RecordHead[] => {
  const isOurs = records.some((record) => isOf(record, owner)) || (owner.isAdmitted && records.every(({ notes }) => notes === undefined));
  return records.filter((record) => isOf(record, owner) || (isOurs && record.notes === undefined));
};

/** True for a record that this ChartRelease made, or an earlier one of its name, which has left it behind: there is only one at a time. */
const isOf = ({ notes }: RecordHead, owner: RecordOwner): boolean => notes !== undefined && (notes.uid === owner.uid || notes.chartRelease === owner.chartRelease);

const wasDeployed = (record: RecordHead): boolean => record.status === 'deployed' || record.status === 'superseded';

/** Older records that say that they are deployed, or under way: a crash has left them, or a person's helm has overtaken them. */
const staleBefore = (records: readonly RecordHead[], newest: RecordHead): readonly RecordHead[] =>
  records.filter(({ status, revision }) => (status === 'deployed' || isPending(status)) && revision < newest.revision);

/** While the registry is silent, what runs is taken for what the same reference, or the same spec, points at. */
const lastKnownDigest = (newest: RecordHead | undefined, target: Target): string | undefined => {
  const asked = newest === undefined ? undefined : askedBy(newest);
  return asked?.reference === target.reference ? asked.chartDigest || undefined : target.deployedDigest;
};

/**
 * The release of another ChartRelease is left alone. One of ours that a person's helm has changed since is ours still, and one that stock
 * helm made is taken over; but a helm that is at work gets the time it needs.
 */
const ownerObjection = (
  records: readonly RecordHead[],
  newest: RecordHead,
  target: RecordOwner & Pick<Target, 'address' | 'isAdmitted' | 'isTakenOver'>,
): Refuse | Busy | undefined => {
  if (isOf(newest, target)) return undefined;
  const holder = ownRecords(records, target).length > 0 && newest.notes === undefined ? undefined : records.findLast((record) => record.notes !== undefined)?.notes;
  if (holder !== undefined) {
    const release = `Helm release ${target.address.namespace}/${target.address.releaseName}`;
    return { kind: 'Refuse', reason: 'ReleaseNotOwned', message: `${release} exists at revision ${newest.revision} and ${describeHolder(holder)}` };
  }
  return isAtWork(newest) && !target.isTakenOver ? { kind: 'Busy', record: newest } : undefined;
};

/** Whose a release is that is not ours, and what can be done. */
const describeHolder = ({ chartRelease, uid }: RevisionNotes): string =>
  `belongs to ChartRelease ${chartRelease || `with UID ${uid}`}; set spec.releaseName to a free name, or delete that one (helm uninstall, where it is gone and has left its release behind): this one takes over then`;

const triggerOf = (newest: RecordHead | undefined, target: Target, digest: string): Trigger => {
  // Of the same ChartRelease it was uninstalled because it failed.
  if (newest === undefined || (isGone(newest) && newest.notes?.uid !== target.uid)) return 'Created';
  const asked = askedBy(newest);
  if (asked === undefined || newest.damage !== undefined) return 'ChangedByHand';
  if (asked.reference === target.reference && asked.chartDigest !== digest) return target.isWithdrawn ? 'VersionWithdrawn' : 'DigestChanged';
  const isSameSpec = asked.generation === target.generation || target.deployedDigest !== undefined;
  return isSameSpec && asked.valuesDigest !== target.valuesDigest ? 'ValuesChanged' : 'SpecChanged';
};

/** Description of a record, where `helm history` shows it: with the digest, since Helm shows only a version. */
export const describeRevision = (what: string, notes: Pick<RevisionNotes, 'reference' | 'chartDigest'>): string => `${what}: ${notes.reference} at ${notes.chartDigest}`;

/** Description of a revision that is under way. */
export const describeOpened = (notes: RevisionNotes): string => describeRevision(notes.returns === undefined ? OPENED[notes.action] : `Rolling back to ${notes.returns.to}`, notes);

const OPENED: Readonly<Record<RevisionNotes['action'], string>> = { install: 'Installing', upgrade: 'Upgrading', rollback: 'Rolling back' };

/** Description of a revision that is, or was, deployed. */
export const describeDeployed = ({ notes }: RecordHead): string =>
  notes === undefined ? 'Deployed' : describeRevision(notes.returns === undefined ? COMPLETE[notes.action] : `Rolled back to ${notes.returns.to}`, notes);

const COMPLETE: Readonly<Record<RevisionNotes['action'], string>> = { install: 'Install complete', upgrade: 'Upgrade complete', rollback: 'Rollback complete' };

/** Description of a revision that was under way and is left for another one. */
export const describeAbandoned = (next: Pick<RevisionNotes, 'reference' | 'chartDigest' | 'returns'>): string =>
  next.returns === undefined
    ? `Left unfinished for a newer request: ${next.reference} at ${shortDigest(next.chartDigest)}`
    : `Left unfinished to go back to revision ${next.returns.to}`;
