import type { CacheOrder, Entry } from './watch-machine.ts';

/** A difference between what was cached and what is. */
export type Change<T> =
  | { readonly kind: 'Added'; readonly now: Entry<T> }
  | { readonly kind: 'Updated'; readonly before: Entry<T>; readonly now: Entry<T> }
  | { readonly kind: 'Deleted'; readonly before: Entry<T> };

/** The objects of a watch. While a new list comes in, page by page, the old objects stay. */
export class WatchCache<T> {
  #entries = new Map<string, Entry<T>>();
  #collected = new Map<string, Entry<T>>();
  #isComplete = false;

  /** Whether a whole list has come in. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** Does what the watch machine orders and tells what changed by that. */
  obey(order: CacheOrder<T>): readonly Change<T>[] {
    switch (order.kind) {
      case 'Nothing':
        return [];
      case 'Collect':
        return this.#collect(order.entries, order.isFirst, order.isLast);
      case 'Put':
        return this.#put(order.entry);
      case 'Drop':
        return this.#drop(order.entry.key);
    }
  }

  #collect(entries: readonly Entry<T>[], isFirst: boolean, isLast: boolean): readonly Change<T>[] {
    if (isFirst) this.#collected = new Map();
    for (const entry of entries) this.#collected.set(entry.key, entry);
    return isLast ? this.#replaceAll() : [];
  }

  #replaceAll(): readonly Change<T>[] {
    const before = this.#entries;
    this.#entries = this.#collected;
    this.#collected = new Map();
    this.#isComplete = true;
    const gone = [...before.values()].filter(({ key }) => !this.#entries.has(key)).map((entry): Change<T> => ({ kind: 'Deleted', before: entry }));
    return [...gone, ...[...this.#entries.values()].flatMap((now) => difference(before.get(now.key), now))];
  }

  #put(now: Entry<T>): readonly Change<T>[] {
    const before = this.#entries.get(now.key);
    this.#entries.set(now.key, now);
    return difference(before, now);
  }

  #drop(key: string): readonly Change<T>[] {
    const before = this.#entries.get(key);
    if (before === undefined) return [];
    this.#entries.delete(key);
    return [{ kind: 'Deleted', before }];
  }
}

/** Another UID under the same name is another object, whose predecessor's end was missed. */
const difference = <T>(before: Entry<T> | undefined, now: Entry<T>): readonly Change<T>[] => {
  if (before === undefined) return [{ kind: 'Added', now }];
  if (before.uid !== now.uid)
    return [
      { kind: 'Deleted', before },
      { kind: 'Added', now },
    ];
  return before.resourceVersion === now.resourceVersion ? [] : [{ kind: 'Updated', before, now }];
};
