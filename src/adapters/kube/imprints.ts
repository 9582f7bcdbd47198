import type { ObjectRef } from '../../core/object-ref.ts';
import type { Imprints, Sight } from '../../ports/imprints.ts';
import { hasCode } from './api-error.ts';
import { kindKey, type KeptObject, type ManagedWatches, nameKey } from './managed-watches.ts';
import type { Change } from './watch-cache.ts';
import type { Watcher } from './watcher.ts';

/** An object by `refKey`, the release whose it is by its labels, and its imprint; undefined where it is gone. Must not block. */
export type ImprintChanged = (releaseKey: string, object: string, imprint: string | undefined) => void;

/** Imprints on managed objects, from the watches that they share with health. */
export class KubeImprints implements Imprints {
  readonly #watches: ManagedWatches;

  constructor(watches: ManagedWatches, changed: ImprintChanged) {
    this.#watches = watches;
    watches.listen((kind, change) => {
      const { key } = change.kind === 'Deleted' ? change.before : change.now;
      for (const [releaseKey, imprint] of newsOf(change)) changed(releaseKey, objectKey(kind, key), imprint);
    });
  }

  async follow(refs: readonly ObjectRef[], signal: AbortSignal): Promise<void> {
    const firstOfKind = new Map(refs.filter((ref) => this.#watches.watcherOf(ref)?.isReady !== true).map((ref) => [kindKey(ref), ref]));
    await Promise.all([...firstOfKind.values()].map((ref) => this.#begin(ref, signal)));
  }

  of(ref: ObjectRef): Sight {
    const watcher = this.#watches.watcherOf(ref);
    if (watcher?.isReady !== true) return { kind: 'Unknown' };
    const entry = watcher.get(nameKey(ref));
    if (entry === undefined) return { kind: 'Absent', resourceVersion: watcher.resourceVersion };
    const { uid, resourceVersion, value } = entry;
    const { imprint, isShared, health } = value;
    return { kind: 'Seen', uid, resourceVersion, imprint, isShared, isTerminating: health.status === 'Terminating', isFollowed: watcher.isFollowing };
  }

  async #begin(ref: ObjectRef, signal: AbortSignal): Promise<void> {
    let watcher: Watcher<KeptObject>;
    try {
      watcher = await this.#watches.begin(ref, signal);
    } catch (error) {
      if (hasCode(error, 'UnknownKind')) return;
      throw error;
    }
    await watcher.readyOrTrouble(signal);
  }
}

/** Releases that lose or get an imprint by a change: an object that changes hands is news to both. */
const newsOf = (change: Change<KeptObject>): readonly (readonly [string, string | undefined])[] => {
  switch (change.kind) {
    case 'Added':
      return [[change.now.value.releaseKey, change.now.value.imprint]];
    case 'Deleted':
      return [[change.before.value.releaseKey, undefined]];
    case 'Updated': {
      const [before, now] = [change.before.value, change.now.value];
      const keys = before.imprint === now.imprint && before.releaseKey === now.releaseKey ? [] : new Set([before.releaseKey, now.releaseKey]);
      return [...keys].map((key) => [key, now.imprint]);
    }
  }
};

/** `refKey` of an object. */
const objectKey = (kind: string, key: string): string => `${kind}/${key.includes('/') ? key : `/${key}`}`;
