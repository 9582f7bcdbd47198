import { KIND, NAME_LABEL } from '../../src/api/chart-release.ts';
import { type Live, type Step, stepOf } from '../crash/steps.ts';
import type { Commit, Store } from './api/store.ts';
import { keyOf } from './api/store.ts';
import { jsonOf } from './api/object.ts';

/**
 * The history of a cluster as the invariants of test/crash are held to it. What a person has changed of an object is not told until the
 * operator writes to it, and what a person has deleted, until another revision is opened by an operator whose watches must know, or the
 * record goes that had it: no invariant says what people do, and what a watch does not have yet is taken for what comes later (docs/adr/0006-unchanged-objects.md).
 */
export class Chronicle {
  readonly #steps: Step[] = [];
  /** Objects that people have changed or deleted, by key. */
  readonly #tampered = new Map<string, Commit & { readonly atMs: number }>();
  /** Objects of the newest record of each release. */
  readonly #newest = new Map<string, readonly Live[]>();
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#now = now;
    store.listen((commit) => this.#take(commit));
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  #take(commit: Commit): void {
    const { kind, before, after, by } = commit;
    const object = after ?? before;
    if (object === undefined || IGNORED.has(kind.kind)) return;
    const key = `/registry/${kind.resource}/${keyOf(object)}`;
    const isManaged = object.metadata.labels?.[NAME_LABEL] !== undefined;
    // What is of no release may be deleted by whoever made it; with a ChartRelease its history ends.
    if (!isManaged && by === 'Person' && after === undefined && kind.kind !== KIND) return;
    if (isManaged && by === 'Person') this.#tampered.set(key, { ...commit, atMs: this.#now() });
    if (this.#tampered.has(key) && by !== 'Operator') return;
    this.#tampered.delete(key);
    const step = stepOf({ at: commit.at, key, value: after && jsonOf(after) });
    if (step === undefined) return;
    // What the revision that runs now has not got need not be put back, and is gone before it runs.
    if (step.kind === 'Record' && step.now?.status === 'deployed') this.#admit(commit.at, step.now.release, step.now.objects);
    // What is gone is not left behind by a record that goes. Nobody has to find an object that went while its release was being uninstalled.
    const { status: was = '', name = '' } = before?.metadata.labels ?? {};
    if (step.kind === 'Record' && step.now === undefined) this.#admit(commit.at, name, was === 'uninstalling' ? [] : this.#newest.get(name));
    this.#steps.push(step);
    if (step.kind === 'Release' && step.now?.isDeleting !== false) this.#admit(commit.at, object.metadata.name);
    if (step.kind !== 'Record' || step.now === undefined) return;
    const { release, status, objects } = step.now;
    if (before === undefined) this.#newest.set(release, objects);
    if (status === 'uninstalling') this.#admit(commit.at, release);
    else if (before === undefined) this.#admit(commit.at, release, [], this.#now() - WATCH_LAG_MS);
  }

  /** From now on it counts that people have deleted what they have deleted of a release, but for what is to be there. */
  #admit(at: number, release: string | undefined, wanted: readonly Live[] = [], untilMs = this.#now()): void {
    for (const [key, { kind, before, after, atMs }] of this.#tampered) {
      if (after !== undefined || atMs > untilMs || before?.metadata.labels?.[NAME_LABEL] !== release) continue;
      if (wanted.some((one) => one.kind === kind.kind && one.metadata.name === before?.metadata.name)) continue;
      this.#steps.push({ at, key, kind: 'Object', now: undefined });
      this.#tampered.delete(key);
    }
  }
}

/** How far a watch may be behind: its connection dies without a word, which is noticed after 100 s, and is replaced. */
const WATCH_LAG_MS = 120_000;

/** Jobs are hooks here, which stay when the record that had them goes. */
const IGNORED: ReadonlySet<string> = new Set(['Job', 'Namespace', 'CustomResourceDefinition', 'ReplicaSet', 'Pod', 'Event', 'ServiceAccount']);
