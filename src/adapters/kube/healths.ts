import { NAME_LABEL, NAMESPACE_LABEL } from '../../api/chart-release.ts';
import type { Health } from '../../core/health.ts';
import { groupOf, type ObjectRef } from '../../core/object-ref.ts';
import { isNewer } from '../../core/resource-version.ts';
import type { Healths, SeenHealth, WrittenObject } from '../../ports/cluster.ts';
import type { Connection } from './connection.ts';
import { metadataOf } from './kube-object.ts';
import type { Change } from './watch-cache.ts';
import type { Entry } from './watch-machine.ts';
import { Watcher } from './watcher.ts';

export interface HealthsOptions {
  /** Health of a parsed object. */
  readonly healthOf: (object: unknown) => Health;
  /** Called with the key of the ChartRelease whose object changed its health, or went. Must not block. */
  readonly changed: (releaseKey: string) => void;
}

/** All that is kept of an object. */
interface KeptHealth {
  readonly health: Health;
  readonly releaseKey: string;
}

/** Health of managed objects, from one watch of all namespaces for each kind that was ever asked for. */
export class KubeHealths implements Healths {
  readonly #connection: Connection;
  readonly #options: HealthsOptions;
  readonly #watchers = new Map<string, Watcher<KeptHealth>>();
  /** resourceVersions that a watch has not caught up with yet, by object. */
  readonly #awaited = new Map<string, string>();

  constructor(connection: Connection, options: HealthsOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async follow(objects: readonly WrittenObject[], signal: AbortSignal): Promise<void> {
    for (const { ref, resourceVersion } of objects) {
      const seen = this.of(ref);
      if (seen === undefined || isNewer(resourceVersion, seen.resourceVersion)) this.#awaited.set(objectKey(ref), resourceVersion);
    }
    const firstOfKind = new Map(objects.map(({ ref }) => [kindKey(ref), ref]));
    const watchers = await Promise.all([...firstOfKind.values()].map((ref) => this.#watcherOf(ref, signal)));
    await Promise.all(watchers.map((watcher) => watcher.readyOrTrouble(signal)));
  }

  of(ref: ObjectRef): SeenHealth | undefined {
    const watcher = this.#watchers.get(kindKey(ref));
    const entry = watcher?.get(nameKey(ref));
    return entry === undefined ? undefined : { uid: entry.uid, resourceVersion: entry.resourceVersion, health: entry.value.health };
  }

  async #watcherOf(ref: ObjectRef, signal: AbortSignal): Promise<Watcher<KeptHealth>> {
    const { apiVersion, kind } = ref;
    const path = await this.#connection.discovery.collectionOf({ apiVersion, kind, namespace: '' }, signal);
    // Looked up only now: somebody else may have begun while discovery was asked.
    const known = this.#watchers.get(kindKey(ref));
    if (known !== undefined) return known;
    const watcher = new Watcher<KeptHealth>(this.#connection, {
      apiVersion,
      kind,
      selection: { path, labelSelector: NAME_LABEL, isMetadataOnly: false },
      keep: (object) => this.#keep(object),
      changed: (change) => this.#tell(kindKey(ref), change),
    });
    this.#watchers.set(kindKey(ref), watcher);
    watcher.start();
    return watcher;
  }

  #keep(object: unknown): KeptHealth {
    const { labels } = metadataOf(object);
    return { health: this.#options.healthOf(object), releaseKey: `${labels[NAMESPACE_LABEL] ?? ''}/${labels[NAME_LABEL] ?? ''}` };
  }

  #tell(kind: string, change: Change<KeptHealth>): void {
    for (const key of wokenBy(change, this.#hasCaughtUp(kind, change))) this.#options.changed(key);
  }

  #hasCaughtUp(kind: string, change: Change<KeptHealth>): boolean {
    const { key, resourceVersion } = change.kind === 'Deleted' ? change.before : change.now;
    const awaited = this.#awaited.get(`${kind} ${key}`);
    if (awaited === undefined || isNewer(awaited, resourceVersion)) return false;
    return this.#awaited.delete(`${kind} ${key}`);
  }
}

/** An object that changes hands wakes both. */
const wokenBy = (change: Change<KeptHealth>, hasCaughtUp: boolean): ReadonlySet<string> => {
  switch (change.kind) {
    case 'Added':
      return new Set([change.now.value.releaseKey]);
    case 'Deleted':
      return new Set([change.before.value.releaseKey]);
    case 'Updated':
      return !hasCaughtUp && isSame(change.before, change.now) ? new Set() : new Set([change.before.value.releaseKey, change.now.value.releaseKey]);
  }
};

const isSame = ({ value: before }: Entry<KeptHealth>, { value: now }: Entry<KeptHealth>): boolean =>
  before.releaseKey === now.releaseKey && before.health.status === now.health.status && before.health.message === now.health.message;

const nameKey = ({ namespace, name }: ObjectRef): string => (namespace === '' ? name : `${namespace}/${name}`);

const objectKey = (ref: ObjectRef): string => `${kindKey(ref)} ${nameKey(ref)}`;

/** One watch serves all versions of a kind. */
const kindKey = ({ apiVersion, kind }: ObjectRef): string => `${groupOf(apiVersion)}/${kind}`;
