import type { RecordHead, RecordStatus, ReleaseAddress, RenderedFor, RevisionNotes } from '../core/record.ts';

export type { RecordHead, RecordStatus, ReleaseAddress, RenderedFor, Return, RevisionNotes, Term } from '../core/record.ts';

/** Content of a record. `chart`, `config` and `hooks` are JSON that is carried as it is: JavaScript would lose digits. */
export interface RecordContent {
  readonly chart: string;
  readonly config: string;
  readonly hooks: string;
  readonly manifest: string;
  readonly helmNotes: string;
  readonly description: string;
  /** RFC 3339. */
  readonly firstDeployed: string;
  readonly lastDeployed: string;
}

/** How stock helm 4 is to apply what follows a record: `ssa` server-side; anything else, and nothing, means client-side. */
export interface ReadContent extends RecordContent {
  readonly applyMethod: string;
}

export interface NewRecord {
  readonly revision: number;
  readonly status: RecordStatus;
  readonly notes: RevisionNotes;
  /** Absent where it was not rendered. */
  readonly renderedFor?: RenderedFor | undefined;
  readonly content: RecordContent;
}

/** What changes in a record; what is absent stays. */
export interface RecordChange {
  readonly status: RecordStatus;
  readonly description?: string;
  /** JSON. */
  readonly hooks?: string;
  readonly applyMethod?: 'csa';
  /** Of a revision that becomes deployed; see core/imprint.ts. They go with every other change. */
  readonly imprints?: string;
}

/** A record would be larger than a Secret may be. */
export class RecordTooLargeError extends Error {
  override readonly name = 'RecordTooLargeError';
}

/** A record cannot be read as a Helm release. */
export class RecordInvalidError extends Error {
  override readonly name = 'RecordInvalidError';
}

/** Told whenever the records of a release are others than before; these are all of them now, oldest first. */
export type RecordsChanged = (address: ReleaseAddress, heads: readonly RecordHead[]) => void;

/** Helm's release records: Secrets of type helm.sh/release.v1. All methods reject with ClusterError too. */
export interface Records {
  /** Heads of all records of the release, oldest revision first; never older than our own writes, and with the damage that `read` has found. */
  list(address: ReleaseAddress, signal: AbortSignal): Promise<readonly RecordHead[]>;
  /** Content of one record. Rejects with RecordInvalidError where it is none, or that of another revision. */
  read(address: ReleaseAddress, head: RecordHead, signal: AbortSignal): Promise<ReadContent>;
  /** Creates a record that must not exist yet. Rejects with RecordTooLargeError before anything is sent. */
  create(address: ReleaseAddress, record: NewRecord, signal: AbortSignal): Promise<RecordHead>;
  /**
   * Changes status, and description, hooks and how it was applied where they are given, of a record that nobody has changed since `head` was read. Of one that
   * cannot be read the label is changed alone, with the damage noted beside it; it never becomes deployed, which rejects with RecordInvalidError.
   */
  mark(address: ReleaseAddress, head: RecordHead, change: RecordChange, signal: AbortSignal): Promise<RecordHead>;
  /** Deletes a record; one that is gone already is no error. */
  remove(address: ReleaseAddress, head: RecordHead, signal: AbortSignal): Promise<void>;
}
