import { isNewer } from '../../core/resource-version.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { RecordHead, RecordsChanged, ReleaseAddress } from '../../ports/records.ts';
import { behind } from './api-error.ts';
import type { Connection } from './connection.ts';
import { metadataOf } from './kube-object.ts';
import { listAll } from './list-page.ts';
import { headOf, recordSelector } from './record-secret.ts';
import type { Change } from './watch-cache.ts';
import { Watcher } from './watcher.ts';

/** A record of a release, as its Secret's metadata have it. */
interface IndexedRecord {
  readonly address: ReleaseAddress;
  readonly head: RecordHead;
}

/** What we wrote to a record, or that we deleted it, until the watch has caught up with that. */
interface OwnWrite {
  readonly kind: 'Wrote' | 'Removed';
  readonly head: RecordHead;
  /** When, in ms: a watch that has not caught up long after has missed it. */
  readonly at: number;
}

const LONG_MS = 60_000;

/**
 * The heads of all Helm records in the cluster, from one watch of metadata: a list of the Secrets of one release would
 * make the API server look at every Secret of its namespace. Never older than our own writes; a release about which
 * there is doubt is listed once from the API server.
 */
export class RecordIndex {
  readonly #connection: Connection;
  readonly #changed: RecordsChanged;
  readonly #watcher: Watcher<IndexedRecord | undefined>;
  readonly #seen = new Map<string, Map<string, RecordHead>>();
  readonly #own = new Map<string, Map<string, OwnWrite>>();
  readonly #doubted = new Set<string>();

  constructor(connection: Connection, changed: RecordsChanged) {
    this.#connection = connection;
    this.#changed = changed;
    this.#watcher = new Watcher<IndexedRecord | undefined>(connection, {
      apiVersion: 'v1',
      kind: 'Secret',
      selection: { path: '/api/v1/secrets', labelSelector: 'owner=helm', isMetadataOnly: true },
      keep: indexed,
      changed: (change) => this.#see(change),
    });
  }

  /** Begins to watch; to be called once. */
  start(): void {
    this.#watcher.start();
  }

  /** Resolves when the first list of them is in, or cannot come in at present. Rejects only when the signal aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    await this.#watcher.readyOrTrouble(signal).catch((error: unknown) => {
      if (!(error instanceof ClusterError)) throw error;
    });
  }

  /** Lists them anew: until that list is in, whoever asks waits for it. */
  refresh(): void {
    this.#watcher.refresh();
  }

  /** The first list of them is in. */
  get isReady(): boolean {
    return this.#watcher.isReady;
  }

  /** Heads of the release's records, oldest first. Rejects with ClusterError while the watch cannot begin. */
  async heads(address: ReleaseAddress, signal: AbortSignal): Promise<readonly RecordHead[]> {
    await this.#watcher.readyOrTrouble(signal);
    const key = keyOf(address);
    const isOverdue = [...(this.#own.get(key)?.values() ?? [])].some((write) => this.#isOverdue(write));
    if (isOverdue || this.#doubted.has(key)) await this.#askAfresh(address, key, signal);
    return this.#headsOf(key);
  }

  /** Remembers what we wrote or deleted until the watch has caught up. */
  wrote(address: ReleaseAddress, write: Omit<OwnWrite, 'at'>): void {
    const key = keyOf(address);
    const seen = this.#seen.get(key)?.get(write.head.secret);
    const isSeen = write.kind === 'Wrote' ? seen !== undefined && !isNewer(write.head.resourceVersion, seen.resourceVersion) : seen === undefined;
    // One that the watch does not have yet comes, late, before it goes.
    const isToCome = write.kind === 'Removed' && this.#own.get(key)?.get(write.head.secret)?.kind === 'Wrote';
    if (isSeen && !isToCome) this.#forget(key, write.head.secret);
    else within(this.#own, key).set(write.head.secret, { ...write, at: this.#connection.clock.now() });
    this.#changed(address, this.#headsOf(key));
  }

  /** The API server has contradicted what is known of this release: it is asked afresh the next time. */
  doubt(address: ReleaseAddress): void {
    this.#doubted.add(keyOf(address));
  }

  #isOverdue({ at }: OwnWrite): boolean {
    return this.#connection.clock.now() - at > LONG_MS;
  }

  #headsOf(key: string): readonly RecordHead[] {
    const heads = new Map(this.#seen.get(key));
    for (const [secret, write] of this.#own.get(key) ?? []) {
      if (write.kind === 'Wrote') heads.set(secret, write.head);
      else heads.delete(secret);
    }
    return [...heads.values()].toSorted((one, other) => one.revision - other.revision);
  }

  async #askAfresh(address: ReleaseAddress, key: string, signal: AbortSignal): Promise<void> {
    const selection = { path: `/api/v1/namespaces/${encodeURIComponent(address.namespace)}/secrets`, labelSelector: recordSelector(address), isMetadataOnly: true };
    const action = `list the records of release ${key}`;
    const { objects, resourceVersion } = await listAll(this.#connection.api, action, selection, signal);
    const seenUntil = this.#watcher.resourceVersion;
    if (isNewer(seenUntil, resourceVersion)) throw behind(action, resourceVersion, seenUntil);
    const present = new Map(objects.flatMap((secret) => headOf(address, secret) ?? []).map((head) => [head.secret, head]));
    // What we wrote after that moment it does not know of.
    const later = new Map([...(this.#own.get(key) ?? [])].filter(([, write]) => isNewer(write.head.resourceVersion, resourceVersion) && !this.#isOverdue(write)));
    this.#own.delete(key);
    for (const head of this.#seen.get(key)?.values() ?? []) if (!present.has(head.secret)) this.wrote(address, { kind: 'Removed', head });
    for (const head of present.values()) this.wrote(address, { kind: 'Wrote', head });
    for (const write of later.values()) this.wrote(address, write);
    this.#doubted.delete(key);
  }

  #see(change: Change<IndexedRecord | undefined>): void {
    const record = change.kind === 'Deleted' ? change.before.value : change.now.value;
    if (record === undefined) return;
    const { address, head } = record;
    const key = keyOf(address);
    if (change.kind === 'Deleted') drop(this.#seen, key, head.secret);
    else within(this.#seen, key).set(head.secret, head);
    const own = this.#own.get(key)?.get(head.secret);
    if (own !== undefined && hasCaughtUp(own, change.kind, head)) this.#forget(key, head.secret);
    this.#changed(address, this.#headsOf(key));
  }

  #forget(key: string, secret: string): void {
    drop(this.#own, key, secret);
  }
}

/** A record that we deleted is gone when its end was seen; one that we wrote is seen when nothing newer is ours. */
const hasCaughtUp = (own: OwnWrite, kind: Change<unknown>['kind'], seen: RecordHead): boolean => {
  const isOlder = isNewer(own.head.resourceVersion, seen.resourceVersion);
  if (own.kind === 'Wrote') return !isOlder;
  return kind === 'Deleted' ? !isOlder : isNewer(seen.resourceVersion, own.head.resourceVersion);
};

const indexed = (secret: unknown): IndexedRecord | undefined => {
  const { namespace, labels } = metadataOf(secret);
  const address = { namespace, releaseName: labels['name'] ?? '' };
  const head = headOf(address, secret);
  return head === undefined ? undefined : { address, head };
};

const keyOf = ({ namespace, releaseName }: ReleaseAddress): string => `${namespace}/${releaseName}`;

const within = <T>(index: Map<string, Map<string, T>>, key: string): Map<string, T> => {
  const found = index.get(key) ?? new Map<string, T>();
  index.set(key, found);
  return found;
};

const drop = (index: Map<string, Map<string, unknown>>, key: string, secret: string): void => {
  const found = index.get(key);
  found?.delete(secret);
  if (found?.size === 0) index.delete(key);
};
