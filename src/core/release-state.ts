import type { Reason } from '../api/reasons.ts';
import { isPending, type RecordHead, type ReleaseAddress, type RevisionNotes } from './record.ts';
import { shortDigest } from './reference.ts';

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
  readonly valuesDigest: string;
  /** What the reference points at; undefined while the registry has not said. */
  readonly digest: string | undefined;
  /** What this very spec pointed at when it was deployed, as status has it. */
  readonly deployedDigest: string | undefined;
  /** Status says that the ChartRelease has written here before; stock helm drops our notes from every record that it rewrites. */
  readonly isAdmitted: boolean;
  /** The ChartRelease has written to another Helm release since: what runs here may not be as its record says. */
  readonly isMoving: boolean;
  /** Why the registry did not say, or cannot be asked at present. */
  readonly trouble: Trouble | undefined;
}

export interface Trouble {
  readonly reason: Reason;
  readonly message: string;
}

/** What to do about a release, decided on its records alone. */
export type Decision =
  /** The deployed revision is what is asked for. `stale` are older records that still say deployed. */
  | { readonly kind: 'Keep'; readonly deployed: RecordHead; readonly stale: readonly RecordHead[] }
  /** The newest revision is what is asked for and is not finished: go on with its stored manifest. */
  | { readonly kind: 'Continue'; readonly record: RecordHead; readonly digest: string }
  /** A new revision is needed. `abandoned` are revisions that were under way to something else. */
  | {
      readonly kind: 'Start';
      readonly revision: number;
      readonly action: RevisionNotes['action'];
      readonly trigger: RevisionNotes['trigger'];
      readonly digest: string;
      readonly abandoned: readonly RecordHead[];
    }
  /** Nothing can be done about it now. */
  | ({ readonly kind: 'Refuse' } & Trouble);

/**
 * Decides, from the records of a release and from what is asked for. Chart digest and values digest make the
 * difference, nothing else does: a new Kubernetes version or a new API would otherwise upgrade everything at once.
 */
export const decide = (records: readonly RecordHead[], target: Target): Decision => {
  const newest = records.at(-1);
  const objection = newest === undefined ? undefined : ownerObjection(records, newest, target);
  if (objection !== undefined) return objection;
  const digest = target.digest ?? lastKnownDigest(newest, target);
  if (digest === undefined) {
    return { kind: 'Refuse', ...(target.trouble ?? { reason: 'Progressing', message: `waiting for the registry to say what ${target.reference} points at` }) };
  }
  const inputs = { chartDigest: digest, valuesDigest: target.valuesDigest };
  if (newest !== undefined && hasInputs(newest, inputs)) {
    if (newest.status === 'deployed' && !target.isMoving) return { kind: 'Keep', deployed: newest, stale: deployedBefore(records, newest) };
    if (isPending(newest.status) || newest.status === 'failed') return { kind: 'Continue', record: newest, digest };
  }
  return {
    kind: 'Start',
    revision: (newest?.revision ?? 0) + 1,
    action: sinceUninstalled(records).some(wasDeployed) ? 'upgrade' : 'install',
    trigger: triggerOf(newest, target, digest),
    digest,
    abandoned: records.filter((record) => isPending(record.status) && isOf(record, target)),
  };
};

/** The newest revision that is deployed, if one is. */
export const deployedOf = (records: readonly RecordHead[]): RecordHead | undefined => records.findLast((record) => record.status === 'deployed');

/**
 * The revision that runs while a newer digest of the same tag cannot be begun; undefined where what is asked for differs in more
 * than that, or where something else than this revision may be in the cluster.
 */
export const standing = (records: readonly RecordHead[], target: Target): RecordHead | undefined => {
  const newest = records.at(-1);
  const isSame = newest?.notes?.reference === target.reference && newest.notes.valuesDigest === target.valuesDigest;
  return isSame && newest.status === 'deployed' && isOf(newest, target) && !target.isMoving ? newest : undefined;
};

/** Records whose objects may still be in the cluster: the last deployed one and every later one, but none that helm has uninstalled. */
export const mayHaveObjects = (records: readonly RecordHead[]): readonly RecordHead[] => {
  const uninstalled = records.findLast((record) => record.status === 'uninstalled')?.revision ?? 0;
  const deployed = deployedOf(records)?.revision ?? 0;
  return records.filter(({ revision }) => revision > uninstalled && revision >= deployed);
};

/** Records to delete so that at most `limit` are left; never the newest deployed one, never a pending one. */
export const beyondLimit = (records: readonly RecordHead[], limit: number): readonly RecordHead[] => {
  const deployed = deployedOf(records);
  const removable = records.filter((record) => record !== deployed && !isPending(record.status));
  return removable.slice(0, Math.max(0, records.length - limit));
};

const hasInputs = (record: RecordHead, inputs: { readonly chartDigest: string; readonly valuesDigest: string }): boolean =>
  record.notes?.chartDigest === inputs.chartDigest && record.notes.valuesDigest === inputs.valuesDigest;

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

const deployedBefore = (records: readonly RecordHead[], newest: RecordHead): readonly RecordHead[] =>
  records.filter((record) => record.status === 'deployed' && record.revision < newest.revision);

/** While the registry is silent, what runs is taken for what the same reference, or the same spec, points at. */
const lastKnownDigest = (newest: RecordHead | undefined, target: Target): string | undefined =>
  newest?.notes?.reference === target.reference ? newest.notes.chartDigest : target.deployedDigest;

/** A release of somebody else's is left alone. One of ours that a person's helm has changed since is ours still, but for the time helm needs. */
const ownerObjection = (records: readonly RecordHead[], newest: RecordHead, target: Target): Decision | undefined => {
  if (isOf(newest, target)) return undefined;
  const release = `Helm release ${target.address.namespace}/${target.address.releaseName}`;
  if (newest.notes === undefined && ownRecords(records, target).length > 0) {
    if (!isPending(newest.status)) return undefined;
    return { kind: 'Refuse', reason: 'ReleaseBusy', message: `${release} is at revision ${newest.revision} ${newest.status}, which somebody's helm began; waiting for it to end` };
  }
  return { kind: 'Refuse', reason: 'ReleaseNotOwned', message: `${release} exists at revision ${newest.revision} and ${describeHolder(records)}` };
};

/** Whose a release is that is not ours, and what can be done. */
const describeHolder = (records: readonly RecordHead[]): string => {
  const notes = records.findLast((record) => record.notes !== undefined)?.notes;
  if (notes === undefined) return 'was not made by Tagalong; set spec.releaseName to a free name, or uninstall it first';
  return `belongs to ChartRelease ${notes.chartRelease || `with UID ${notes.uid}`}; set spec.releaseName to a free name, or delete that one (helm uninstall, where it is gone and has left its release behind): this one takes over then`;
};

const triggerOf = (newest: RecordHead | undefined, target: Target, digest: string): RevisionNotes['trigger'] => {
  if (newest === undefined || isGone(newest)) return 'Created';
  if (newest.notes === undefined) return 'ChangedByHand';
  const { notes } = newest;
  if (notes.reference === target.reference && notes.chartDigest !== digest) return 'DigestChanged';
  const isSameSpec = notes.generation === target.generation || target.deployedDigest !== undefined;
  return isSameSpec && notes.valuesDigest !== target.valuesDigest ? 'ValuesChanged' : 'SpecChanged';
};

/** Description of a record, where `helm history` shows it: with the digest, since Helm shows only a version. */
export const describeRevision = (what: string, notes: Pick<RevisionNotes, 'reference' | 'chartDigest'>): string => `${what}: ${notes.reference} at ${notes.chartDigest}`;

/** Description of a revision that is, or was, deployed. */
export const describeDeployed = ({ notes }: RecordHead): string =>
  notes === undefined ? 'Deployed' : describeRevision(notes.action === 'install' ? 'Install complete' : 'Upgrade complete', notes);

/** Description of a revision that was under way and is left for another one. */
export const describeAbandoned = (next: Pick<RevisionNotes, 'reference' | 'chartDigest'>): string =>
  `Left unfinished for a newer request: ${next.reference} at ${shortDigest(next.chartDigest)}`;
