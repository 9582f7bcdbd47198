/**
 * What a list and watch does next, as a pure function in the spirit of kube-rs' watcher: a list in pages gives the
 * whole, a watch from its resourceVersion the changes, and a resourceVersion that the server has forgotten (410) a new
 * list. The states are those of the next action: to list a page, to watch, to pause.
 */

/** Identity of a watched object, and what is kept of it. */
export interface Entry<T> {
  /** `namespace/name`, or the name alone for objects of cluster scope. */
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly value: T;
}

export interface Listing {
  readonly kind: 'Listing';
  /** Where the next page begins; empty for the first one. */
  readonly continueToken: string;
  /** Failures in a row. */
  readonly failures: number;
}

export interface Watching {
  readonly kind: 'Watching';
  /** Of the last event that was applied to the cache. */
  readonly resourceVersion: string;
  readonly failures: number;
}

export interface Pausing {
  readonly kind: 'Pausing';
  readonly delayMs: number;
  readonly next: Listing | Watching;
}

export type WatchState = Listing | Watching | Pausing;

export type WatchInput<T> =
  /** A page of the list; an empty token says that it is the last one. */
  | { readonly kind: 'Page'; readonly entries: readonly Entry<T>[]; readonly continueToken: string; readonly resourceVersion: string }
  /** An object was added or changed. */
  | { readonly kind: 'Put'; readonly entry: Entry<T> }
  /** An object went; `resourceVersion` is that of the event. */
  | { readonly kind: 'Drop'; readonly entry: Entry<T> }
  /** The server tells how far it is, without an object. */
  | { readonly kind: 'Bookmark'; readonly resourceVersion: string }
  /** 410: the resourceVersion or the continue token is too old. */
  | { readonly kind: 'Gone' }
  /** The server ended the watch as it does from time to time. */
  | { readonly kind: 'Ended'; readonly afterMs: number; readonly hadEvents: boolean }
  /** Anything else that went wrong. */
  | { readonly kind: 'Failed' }
  /** The pause is over. */
  | { readonly kind: 'Woke' };

/** What has to be done to the cache before the next state is entered. */
export type CacheOrder<T> =
  | { readonly kind: 'Nothing' }
  | { readonly kind: 'Collect'; readonly entries: readonly Entry<T>[]; readonly isFirst: boolean; readonly isLast: boolean }
  | { readonly kind: 'Put'; readonly entry: Entry<T> }
  | { readonly kind: 'Drop'; readonly entry: Entry<T> };

export interface Step<T> {
  readonly state: WatchState;
  readonly order: CacheOrder<T>;
}

export const START: WatchState = { kind: 'Listing', continueToken: '', failures: 0 };

const MIN_RELIST_MS = 500;
const MAX_RELIST_MS = 2_000;
const BASE_BACKOFF_MS = 1_000;
/** An API server that is back is seen to be soon; these are few questions, however many releases there are. */
const MAX_BACKOFF_MS = 10_000;
/** A watch that ends sooner, without an event, has failed: else a broken server is asked without end. */
const SHORT_WATCH_MS = 1_000;
/** A resourceVersion that fails so often may be one of a future that a restored etcd has not got. */
const MAX_WATCH_FAILURES = 10;

/** The next state and what to do to the cache. `chance` is a number from 0 up to 1, for jitter. */
export const step = <T>(state: WatchState, input: WatchInput<T>, chance: number): Step<T> => {
  switch (state.kind) {
    case 'Listing':
      return stepListing(state, input, chance);
    case 'Watching':
      return stepWatching(state, input, chance);
    case 'Pausing':
      return input.kind === 'Woke' ? to(state.next) : to(state);
  }
};

const stepListing = <T>(state: Listing, input: WatchInput<T>, chance: number): Step<T> => {
  switch (input.kind) {
    case 'Page':
      return {
        state: input.continueToken === '' ? watch(input.resourceVersion) : { kind: 'Listing', continueToken: input.continueToken, failures: 0 },
        order: { kind: 'Collect', entries: input.entries, isFirst: state.continueToken === '', isLast: input.continueToken === '' },
      };
    case 'Gone':
      return relist(chance);
    case 'Failed':
      return to({ kind: 'Pausing', delayMs: backoffMs(state.failures, chance), next: { ...state, failures: state.failures + 1 } });
    case 'Put':
    case 'Drop':
    case 'Bookmark':
    case 'Ended':
    case 'Woke':
      return to(state);
  }
};

const stepWatching = <T>(state: Watching, input: WatchInput<T>, chance: number): Step<T> => {
  switch (input.kind) {
    case 'Put':
    case 'Drop':
      return { state: watch(input.entry.resourceVersion), order: input };
    case 'Bookmark':
      return to(watch(input.resourceVersion));
    case 'Gone':
      return relist(chance);
    case 'Ended':
      return input.hadEvents || input.afterMs >= SHORT_WATCH_MS ? to(watch(state.resourceVersion)) : failWatching(state, chance);
    case 'Failed':
      return failWatching(state, chance);
    case 'Page':
    case 'Woke':
      return to(state);
  }
};

const failWatching = <T>(state: Watching, chance: number): Step<T> => {
  const failures = state.failures + 1;
  const next: Listing | Watching = failures > MAX_WATCH_FAILURES ? { kind: 'Listing', continueToken: '', failures } : { ...state, failures };
  return to({ kind: 'Pausing', delayMs: backoffMs(state.failures, chance), next });
};

const relist = <T>(chance: number): Step<T> =>
  to({ kind: 'Pausing', delayMs: MIN_RELIST_MS + (MAX_RELIST_MS - MIN_RELIST_MS) * chance, next: { kind: 'Listing', continueToken: '', failures: 0 } });

/** From 0.5 s on, doubling up to 10 s, the upper half of it by chance. */
const backoffMs = (failures: number, chance: number): number => Math.min(BASE_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS) * (0.5 + chance / 2);

const watch = (resourceVersion: string): Watching => ({ kind: 'Watching', resourceVersion, failures: 0 });

const to = <T>(state: WatchState): Step<T> => ({ state, order: { kind: 'Nothing' } });
