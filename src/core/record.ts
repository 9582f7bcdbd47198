import type { Trigger } from '../api/chart-release.ts';
import type { Lookup } from './lookup.ts';

/** Status of a Helm release record, in Helm's words. */
export type RecordStatus = 'unknown' | 'deployed' | 'uninstalled' | 'superseded' | 'failed' | 'uninstalling' | 'pending-install' | 'pending-upgrade' | 'pending-rollback';

/** What makes one revision differ from another; see `release-state.ts`. */
export interface RevisionInputs {
  /** Digest of the chart's OCI manifest. */
  readonly chartDigest: string;
  readonly valuesDigest: string;
}

/** Our notes on a record. They are annotations and may be missing on a record that a person's helm wrote. */
export interface RevisionNotes extends RevisionInputs {
  /** UID of the ChartRelease that made it. */
  readonly uid: string;
  /** Its `namespace/name`; empty where that was not noted. */
  readonly chartRelease: string;
  /** Its generation then. */
  readonly generation: number;
  /** The chart reference it followed, as in spec.chart, or the repository and the range of versions. */
  readonly reference: string;
  /** The tag that was the highest in the range; absent where the reference names the tag. */
  readonly tag?: string;
  readonly chartName: string;
  readonly chartVersion: string;
  readonly appVersion: string;
  readonly action: 'install' | 'upgrade' | 'rollback';
  readonly trigger: Trigger;
  /** Which try at the same inputs it is, from 1 on. */
  readonly attempt: number;
  /** The request to be looked at that stood when it was opened, and is met with it; empty where there was none. */
  readonly request: string;
  /** Why it has the manifest of an earlier revision; undefined where it was rendered. */
  readonly returns: Return | undefined;
}

/** The time of one leader: which Lease he held, `namespace/name`, and how many had held it before him. */
export interface Term {
  readonly lease: string;
  readonly epoch: number;
}

/** What a revision was rendered for, and what its templates saw of the cluster. Noted for people; nothing is decided by it. */
export interface RenderedFor {
  /** `v1.36.3`. */
  readonly kubeVersion: string;
  readonly lookups: readonly Lookup[];
}

/** An earlier revision whose manifest is applied again, and why. */
export type Return =
  /** What was asked for failed. */
  | { readonly kind: 'Failed'; readonly to: number; readonly failed: FailedRevision }
  /** A person holds that revision. */
  | { readonly kind: 'Pinned'; readonly to: number };

/** A revision that failed and was undone, as far as is needed to try the same again, and to say why not yet. */
export interface FailedRevision extends RevisionInputs {
  readonly revision: number;
  readonly generation: number;
  readonly reference: string;
  readonly attempt: number;
  readonly why: string;
}

/** A record as its Secret's metadata show it. */
export interface RecordHead {
  /** Name of the Secret. */
  readonly secret: string;
  readonly revision: number;
  readonly status: RecordStatus;
  readonly resourceVersion: string;
  /** Seconds since the epoch: when the record was made, and, by the API server's clock, when it was written last. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** When we closed it as deployed or failed; undefined where we did not. */
  readonly endedAt: number | undefined;
  /** What its objects were like when it became deployed (core/imprint.ts), where that was noted. */
  readonly imprints?: string;
  readonly notes: RevisionNotes | undefined;
  /** Who led when it was opened, where somebody was elected. */
  readonly term?: Term;
  /** Why its content cannot be read, where that is known. */
  readonly damage?: string;
  /** Somebody else has written its content, or taken it away, since we did, and nobody has read it yet. */
  readonly isTouched?: boolean;
}

/** Where the records of one release are. */
export interface ReleaseAddress {
  readonly namespace: string;
  readonly releaseName: string;
}

/** The Helm release as messages name it. */
export const printAddress = ({ namespace, releaseName }: ReleaseAddress): string => `${namespace}/${releaseName}`;

/** True for the same Helm release. */
export const isSameAddress = (one: ReleaseAddress, other: ReleaseAddress): boolean => one.namespace === other.namespace && one.releaseName === other.releaseName;

/** True for one and the same record, whatever its status: another release's, or one made later under the same name, is another. */
export const isSameRecord = (one: PlacedRecord, other: PlacedRecord): boolean =>
  isSameAddress(one.address, other.address) && one.record.secret === other.record.secret && one.record.createdAt === other.record.createdAt;

interface PlacedRecord {
  readonly address: ReleaseAddress;
  readonly record: RecordHead;
}

/** True for a status that says that somebody is, or was, at work on the revision. */
export const isPending = (status: RecordStatus): boolean => status.startsWith('pending-');
