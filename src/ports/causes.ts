import type { Cause } from '../core/cause.ts';
import type { ObjectRef } from '../core/object-ref.ts';

/** An object that is not ready. */
export interface Laggard {
  readonly ref: ObjectRef;
  readonly uid: string;
  /** resourceVersion of the write that is waited for; what was found out about an earlier one does not count. */
  readonly resourceVersion: string;
  /** When it began to be waited for, in ms. */
  readonly since: number;
}

/** How it is looked into. */
export interface Scrutiny {
  /** Its pods are watched from now on, and the release is woken when they say something else. Else it is a last look, and nothing is watched any more. */
  readonly isWatched: boolean;
  /** So many lines of a log at most. */
  readonly lines: number;
}

/** Why objects are not ready: what their pods, their Events and the logs of their containers say. */
export interface Causes {
  /**
   * The cause, or undefined where nothing says more than the object's own status, or nobody may read it. It is asked anew only when a pod
   * has changed, and at most once a second; what is told of by Events alone, after a growing pause. Takes 2 s at most. Rejects only when
   * the signal aborts.
   */
  of(releaseKey: string, laggard: Laggard, scrutiny: Scrutiny, signal: AbortSignal): Promise<Cause | undefined>;
  /** Nothing of the release is waited for any more. */
  forget(releaseKey: string): void;
}
