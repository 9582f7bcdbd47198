import { isNewer } from '../../core/resource-version.ts';
import type { ObjectRef } from '../../core/object-ref.ts';
import type { Healths, SeenHealth, WrittenObject } from '../../ports/cluster.ts';
import { kindKey, type KeptObject, type ManagedWatches, nameKey } from './managed-watches.ts';
import type { Change } from './watch-cache.ts';
import type { Entry } from './watch-machine.ts';

/** Health of managed objects, from the watches on their kinds. */
export class KubeHealths implements Healths {
  readonly #watches: ManagedWatches;
  readonly #changed: (releaseKey: string) => void;
  /** resourceVersions that a watch has not caught up with yet, by object. */
  readonly #kinds = new Set<string>();
  readonly #awaited = new Map<string, string>();

  /** `changed` is called with the key of the ChartRelease whose object changed its health, or went. Must not block. */
  constructor(watches: ManagedWatches, changed: (releaseKey: string) => void) {
    this.#watches = watches;
    this.#changed = changed;
    watches.listen((kind, change) => this.#tell(kind, change));
  }

  async follow(objects: readonly WrittenObject[], signal: AbortSignal): Promise<void> {
    for (const { ref } of objects) this.#kinds.add(kindKey(ref));
    for (const { ref, resourceVersion } of objects) {
      const seen = this.of(ref);
      if (seen === undefined || isNewer(resourceVersion, seen.resourceVersion)) this.#awaited.set(objectKey(ref), resourceVersion);
    }
    const firstOfKind = new Map(objects.map(({ ref }) => [kindKey(ref), ref]));
    const watchers = await Promise.all([...firstOfKind.values()].map((ref) => this.#watches.begin(ref, signal)));
    await Promise.all(watchers.map((watcher) => watcher.readyOrTrouble(signal)));
  }

  of(ref: ObjectRef): SeenHealth | undefined {
    const entry = this.#watches.entryOf(ref);
    return entry === undefined ? undefined : { uid: entry.uid, resourceVersion: entry.resourceVersion, health: entry.value.health };
  }

  /** Kinds that nobody waits for are watched too. */
  #tell(kind: string, change: Change<KeptObject>): void {
    if (!this.#kinds.has(kind)) return;
    for (const key of wokenBy(change, this.#hasCaughtUp(kind, change))) this.#changed(key);
  }

  #hasCaughtUp(kind: string, change: Change<KeptObject>): boolean {
    const { key, resourceVersion } = change.kind === 'Deleted' ? change.before : change.now;
    const awaited = this.#awaited.get(`${kind} ${key}`);
    if (awaited === undefined || isNewer(awaited, resourceVersion)) return false;
    return this.#awaited.delete(`${kind} ${key}`);
  }
}

/** An object that changes hands wakes both. */
const wokenBy = (change: Change<KeptObject>, hasCaughtUp: boolean): ReadonlySet<string> => {
  switch (change.kind) {
    case 'Added':
      return new Set([change.now.value.releaseKey]);
    case 'Deleted':
      return new Set([change.before.value.releaseKey]);
    case 'Updated':
      return !hasCaughtUp && isSame(change.before, change.now) ? new Set() : new Set([change.before.value.releaseKey, change.now.value.releaseKey]);
  }
};

const isSame = ({ value: before }: Entry<KeptObject>, { value: now }: Entry<KeptObject>): boolean =>
  before.releaseKey === now.releaseKey && before.health.status === now.health.status && before.health.message === now.health.message;

const objectKey = (ref: ObjectRef): string => `${kindKey(ref)} ${nameKey(ref)}`;
