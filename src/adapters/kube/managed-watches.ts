import { NAME_LABEL, NAMESPACE_LABEL } from '../../api/chart-release.ts';
import { type Health, isReadyOnceThere } from '../../core/health.ts';
import { imprintOf } from '../../core/imprint.ts';
import { isOfHelm } from '../../core/managed-fields.ts';
import { groupOf, type ObjectRef } from '../../core/object-ref.ts';
import type { FieldOwner } from '../../core/drift.ts';
import type { Connection } from './connection.ts';
import { managedFieldsOf, metadataOf, ownFieldsOf } from './kube-object.ts';
import type { Change } from './watch-cache.ts';
import type { Entry } from './watch-machine.ts';
import { Watcher } from './watcher.ts';

/** All that is kept of a managed object. */
export interface KeptObject {
  readonly releaseKey: string;
  readonly health: Health;
  readonly imprint: string;
  readonly isShared: boolean;
}

export interface ManagedWatchesOptions {
  /** Health of a parsed object. */
  readonly healthOf: (object: unknown) => Health;
  /** Whether this one may have fields of ours. */
  readonly isExcused: (owner: FieldOwner) => boolean;
}

/** Called with the kind's key for every change; must not block. */
export type Listener = (kind: string, change: Change<KeptObject>) => void;

/**
 * One watch of all namespaces for each kind that was ever asked for, of the objects that carry our label: of the whole objects where their
 * status says whether they are ready, else of their metadata.
 */
export class ManagedWatches {
  readonly #connection: Connection;
  readonly #options: ManagedWatchesOptions;
  readonly #watchers = new Map<string, Watcher<KeptObject>>();
  readonly #listeners: Listener[] = [];

  constructor(connection: Connection, options: ManagedWatchesOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** What is known of the object; undefined where the watch has none such. */
  entryOf(ref: ObjectRef): Entry<KeptObject> | undefined {
    return this.watcherOf(ref)?.get(nameKey(ref));
  }

  /** The watch of the object's kind, if there is one. */
  watcherOf(ref: Pick<ObjectRef, 'apiVersion' | 'kind'>): Watcher<KeptObject> | undefined {
    return this.#watchers.get(kindKey(ref));
  }

  /** The watch of the object's kind, begun now if it was not yet. Rejects with ClusterError where the kind is not served. */
  async begin(ref: ObjectRef, signal: AbortSignal): Promise<Watcher<KeptObject>> {
    const { apiVersion, kind } = ref;
    const path = await this.#connection.discovery.collectionOf({ apiVersion, kind, namespace: '' }, signal);
    // Looked up only now: somebody else may have begun while discovery was asked.
    const known = this.watcherOf(ref);
    if (known !== undefined) return known;
    const watcher = new Watcher<KeptObject>(this.#connection, {
      apiVersion,
      kind,
      selection: { path, labelSelector: NAME_LABEL, isMetadataOnly: isReadyOnceThere(ref) },
      keep: (object) => this.#keep(object),
      hasManagedFields: true,
      changed: (change) => this.#tell(kindKey(ref), change),
    });
    this.#watchers.set(kindKey(ref), watcher);
    watcher.start();
    return watcher;
  }

  #tell(kind: string, change: Change<KeptObject>): void {
    for (const listener of this.#listeners) listener(kind, change);
  }

  #keep(object: unknown): KeptObject {
    const { labels } = metadataOf(object);
    const managed = managedFieldsOf(object);
    return {
      releaseKey: `${labels[NAMESPACE_LABEL] ?? ''}/${labels[NAME_LABEL] ?? ''}`,
      health: this.#options.healthOf(object),
      imprint: imprintOf({ ownFields: ownFieldsOf(managed) }),
      isShared: managed.some((entry) => this.#options.isExcused(entry) || isOfHelm(entry)),
    };
  }
}

/** As watches name an object of a kind. */
export const nameKey = ({ namespace, name }: Pick<ObjectRef, 'namespace' | 'name'>): string => (namespace === '' ? name : `${namespace}/${name}`);

/** One watch serves all versions of a kind. */
export const kindKey = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): string => `${groupOf(apiVersion)}/${kind}`;
