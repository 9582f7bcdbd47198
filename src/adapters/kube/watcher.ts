import { isNewer } from '../../core/resource-version.ts';
import { ClusterError } from '../../ports/cluster.ts';
import { behind } from './api-error.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, metadataOf } from './kube-object.ts';
import { listPage, type Selection } from './list-page.ts';
import { pause } from './pause.ts';
import { type Change, WatchCache } from './watch-cache.ts';
import { type Entry, type Listing, START, step, type Watching, type WatchInput, type WatchState } from './watch-machine.ts';
import { type StreamEvent, watchEvents } from './watch-stream.ts';

export interface WatcherOptions<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly selection: Selection;
  /** What is kept of an object; it comes without managedFields, unless only its metadata are asked for, or they are. */
  readonly keep: (object: unknown) => T;
  readonly hasManagedFields?: boolean;
  /** Called for every change, in order; must not block. What it throws is logged. */
  readonly changed: (change: Change<T>) => void;
  /** Called when the API server answers again after it did not, or refused; must not block. */
  readonly onBack?: () => void;
  /** How JSON is read; `JSON.parse` where absent. */
  readonly parse?: (text: string) => unknown;
}

/** A list of the past that comes so often, for a minute, is the present of an etcd that was restored. */
const MAX_OLD_LISTS = 10;

/** Lists and watches until its connection is closed, or it is ended, whatever happens: `watch-machine.ts` says what comes next. */
export class Watcher<T> {
  readonly #connection: Connection;
  readonly #options: WatcherOptions<T>;
  readonly #cache = new WatchCache<T>();
  readonly #waiting = new Set<() => void>();
  #trouble: ClusterError | undefined;
  #isWatching = false;
  #resourceVersion = '';
  /** Aborts when what is under way is to be left for a new list, which is then not in yet. */
  #round = new AbortController();
  #isFresh = false;
  /** So many lists of the past came one after the other. */
  #oldLists = 0;
  #isAway = false;

  constructor(connection: Connection, options: WatcherOptions<T>) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Begins; to be called once. It ends when `until` aborts. */
  start(until?: AbortSignal): void {
    const { closing } = this.#connection.api;
    void this.#run(until === undefined ? closing : AbortSignal.any([closing, until]));
  }

  /** Whether the first list is in, and the one that `refresh` asked for. */
  get isReady(): boolean {
    return this.#cache.isComplete && this.#isFresh;
  }

  /** How far it has come: every change up to this resourceVersion is in. Empty before the first list. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Whether changes come in as they happen, as far as anybody knows: the list is in, and a watch goes on from it without trouble. */
  get isFollowing(): boolean {
    return this.#isWatching && this.#trouble === undefined;
  }

  /** What keeps it from listing or watching at present. */
  get trouble(): ClusterError | undefined {
    return this.#trouble;
  }

  get(key: string): Entry<T> | undefined {
    return this.#cache.get(key);
  }

  keys(): readonly string[] {
    return [...this.#cache.keys()];
  }

  /** Resolves when the first list is in, however long that takes. Rejects only when the signal aborts. */
  async ready(signal: AbortSignal): Promise<void> {
    while (!this.isReady) await this.#progress(signal);
  }

  /** As `ready`, but rejects with the ClusterError that keeps the first list from coming in. */
  async readyOrTrouble(signal: AbortSignal): Promise<void> {
    while (!this.isReady) {
      if (this.#trouble !== undefined) throw this.#trouble;
      await this.#progress(signal);
    }
  }

  /** Lists anew, and is not ready until that list is in: whatever happened before the call is known then, however late the watch was. */
  refresh(): void {
    [this.#isFresh, this.#isWatching] = [false, false];
    // What stood in the way of the watch says nothing of this list.
    this.#trouble = undefined;
    this.#round.abort(new Error('it is listed anew'));
  }

  #progress(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const go = () => {
        signal.removeEventListener('abort', stop);
        this.#waiting.delete(go);
        resolve();
      };
      const stop = () => {
        this.#waiting.delete(go);
        reject(signal.reason);
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  #wake(): void {
    for (const go of [...this.#waiting]) go();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let state: WatchState = START;
    while (!signal.aborted) {
      if (this.#round.signal.aborted) [this.#round, state] = [new AbortController(), START];
      const round = this.#round.signal;
      try {
        state = await this.#advance(state, AbortSignal.any([signal, round]));
      } catch (error) {
        if (!signal.aborted && !round.aborted) state = this.#fail(state, error);
      }
    }
  }

  #advance(state: WatchState, signal: AbortSignal): Promise<WatchState> {
    switch (state.kind) {
      case 'Listing':
        return this.#list(state, signal);
      case 'Watching':
        return this.#watch(state, signal);
      case 'Pausing':
        return pause(this.#connection.clock, state.delayMs, signal).then(() => this.#take(state, { kind: 'Woke' }));
    }
  }

  async #list(state: Listing, signal: AbortSignal): Promise<WatchState> {
    const { selection, parse = JSON.parse } = this.#options;
    const page = await listPage(this.#connection.api, this.#action('list'), selection, state.continueToken, parse, signal);
    signal.throwIfAborted(); // what was read before it is listed anew is not of that list
    if (page.kind === 'Gone') return this.#take(state, page);
    const isOld = state.continueToken === '' && isNewer(this.#resourceVersion, page.resourceVersion);
    this.#oldLists = isOld ? this.#oldLists + 1 : 0;
    if (isOld && this.#oldLists <= MAX_OLD_LISTS) return this.#fail(state, behind(this.#action('list'), page.resourceVersion, this.#resourceVersion));
    const next = this.#take(state, { ...page, entries: page.objects.flatMap((object) => this.#entryOf(object)) });
    this.#trouble = undefined;
    this.#beBack();
    if (next.kind === 'Watching') this.#isFresh = true;
    this.#wake();
    return next;
  }

  async #watch(from: Watching, signal: AbortSignal): Promise<WatchState> {
    const { selection, parse = JSON.parse } = this.#options;
    const { api, clock } = this.#connection;
    const startedAt = clock.now();
    let state: WatchState = from;
    let hadEvents = false;
    try {
      for await (const event of watchEvents({ api, clock, parse }, this.#action('watch'), selection, from.resourceVersion, signal)) {
        this.#beBack();
        if (event.kind === 'Opened') continue;
        this.#trouble = undefined;
        hadEvents = true;
        for (const input of this.#inputOf(event)) state = this.#take(state, input);
      }
    } catch (error) {
      signal.throwIfAborted();
      return this.#fail(state, error);
    }
    return state.kind === 'Watching' ? this.#take(state, { kind: 'Ended', afterMs: clock.now() - startedAt, hadEvents }) : state;
  }

  /** The API server answers, though what has happened meanwhile may be still to come. */
  #beBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.onBack?.();
  }

  #inputOf(event: Exclude<StreamEvent, { readonly kind: 'Opened' }>): readonly WatchInput<T>[] {
    switch (event.kind) {
      case 'Bookmark':
      case 'Gone':
        return [event];
      case 'Put':
      case 'Drop':
        return this.#entryOf(event.object).map((entry) => ({ kind: event.kind, entry }));
    }
  }

  #fail(state: WatchState, error: unknown): WatchState {
    const trouble = error instanceof ClusterError ? error : new ClusterError('Unavailable', `cannot ${this.#action('watch')}: ${String(error)}`, { cause: error });
    this.#trouble = trouble;
    this.#isAway = true;
    this.#connection.logger.warn({ kind: this.#options.kind, error: trouble.message }, 'watch failed, going on after a pause');
    this.#wake();
    return this.#take(state, { kind: 'Failed' });
  }

  #take(state: WatchState, input: WatchInput<T>): WatchState {
    const { state: next, order } = step(state, input, this.#connection.clock.random());
    const changes = this.#cache.obey(order);
    this.#isWatching = next.kind === 'Watching';
    if (next.kind === 'Watching') this.#resourceVersion = next.resourceVersion;
    for (const change of changes) this.#tell(change);
    return next;
  }

  #tell(change: Change<T>): void {
    try {
      this.#options.changed(change);
    } catch (error) {
      this.#connection.logger.error({ kind: this.#options.kind, change: change.kind, error: String(error) }, 'a watch was told of a change and failed');
    }
  }

  /** Empty for an object that cannot be kept: one such must not end the watch of the others. */
  #entryOf(object: unknown): readonly Entry<T>[] {
    const { apiVersion, kind, keep, selection, hasManagedFields = false } = this.#options;
    const { managedFields, ...rest } = fieldsOf(fieldsOf(object)['metadata']);
    const metadata = hasManagedFields || selection.isMetadataOnly ? { ...rest, managedFields } : rest;
    const { name, namespace, uid, resourceVersion } = metadataOf(object);
    try {
      // Lists do not repeat apiVersion and kind in each of their objects.
      const value = keep({ apiVersion, kind, ...fieldsOf(object), metadata });
      return [{ key: namespace === '' ? name : `${namespace}/${name}`, uid, resourceVersion, value }];
    } catch (error) {
      this.#connection.logger.error({ kind, object: `${namespace}/${name}`, error: String(error) }, 'an object cannot be read');
      return [];
    }
  }

  #action(verb: string): string {
    return `${verb} ${this.#options.kind} objects`;
  }
}
