import type { Kind } from './kinds.ts';
import type { Stored } from './object.ts';

/** A write that was committed. */
export interface Commit {
  readonly at: number;
  readonly kind: Kind;
  readonly before: Stored | undefined;
  /** Undefined for a deletion. */
  readonly after: Stored | undefined;
  readonly by: Actor;
}

/** Who writes: operators, controllers of the cluster, people. */
export type Actor = 'Operator' | 'Controller' | 'Person';

/** Objects and the history of them all, one revision a write, as etcd has them. */
export class Store {
  readonly #objects = new Map<Kind, Map<string, Stored>>();
  readonly #listeners = new Set<(commit: Commit) => void>();
  #history: Commit[] = [];
  #revision = 1;
  #compacted = 0;

  get revision(): number {
    return this.#revision;
  }

  get(kind: Kind, key: string): Stored | undefined {
    return this.#objects.get(kind)?.get(key);
  }

  /** In the order of their keys. */
  all(kind: Kind): readonly Stored[] {
    const objects = this.#objects.get(kind) ?? new Map<string, Stored>();
    return [...objects.keys()].sort().flatMap((key) => objects.get(key) ?? []);
  }

  /** Puts an object in its place; returns it with the resourceVersion that it has there. */
  put(kind: Kind, object: Stored, by: Actor): Stored {
    const objects = this.#objects.get(kind) ?? new Map<string, Stored>();
    this.#objects.set(kind, objects);
    const before = objects.get(keyOf(object));
    this.#revision += 1;
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
    objects.set(keyOf(object), after);
    this.#commit({ at: this.#revision, kind, before, after, by });
    return after;
  }

  delete(kind: Kind, object: Stored, by: Actor): void {
    if (this.#objects.get(kind)?.delete(keyOf(object)) !== true) return;
    this.#revision += 1;
    this.#commit({ at: this.#revision, kind, before: object, after: undefined, by });
  }

  /** Has it told of every commit from now on. */
  listen(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything after a revision; undefined where some of that is forgotten. */
  since(revision: number): readonly Commit[] | undefined {
    return revision < this.#compacted ? undefined : this.#history.filter(({ at }) => at > revision);
  }

  /** Forgets everything up to now, as etcd does every few minutes. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  #commit(commit: Commit): void {
    this.#history.push(commit);
    for (const listener of this.#listeners) listener(commit);
  }
}

export const keyOf = ({ metadata: { namespace, name } }: Pick<Stored, 'metadata'>): string => (namespace === undefined ? name : `${namespace}/${name}`);
