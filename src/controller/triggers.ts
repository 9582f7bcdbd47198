import type { Reason } from '../api/reasons.ts';
import { isHeldBy } from '../core/conditions.ts';
import type { ReleaseChange, Releases } from '../ports/releases.ts';
import type { Dependents } from './pace/dependents.ts';
import type { Expectations } from './drift/expectations.ts';
import type { Rollouts } from './rollouts.ts';

/** Turns what the watches see into keys to work on. */
export interface Triggers {
  /** A status is written by nobody else; others may wait for it. */
  releaseChanged(key: string, change: ReleaseChange): void;
  /** The health of an object of the release changed. Nobody waits for it unless a revision is under way. */
  healthChanged(key: string): void;
  tagChanged(key: string): void;
  /** An object of the release, by `refKey`, has another imprint, or is gone. While a revision is under way that is its own doing. */
  imprintChanged(key: string, object: string, imprint: string | undefined): void;
}

/** The triggers that wake keys so. */
export const triggers = (wake: (key: string) => void, rollouts: Rollouts, dependents: Dependents, expectations: Expectations): Triggers => ({
  releaseChanged: (key, change) => {
    if (change !== 'status') wake(key);
    dependents.changed(key);
  },
  healthChanged: (key) => {
    if (rollouts.has(key)) wake(key);
  },
  tagChanged: wake,
  imprintChanged: (key, object, imprint) => {
    if (!rollouts.has(key) && !expectations.isAsExpected(key, object, imprint)) wake(key);
  },
});

/** Wakes the releases that say of themselves that they wait for this, because it is over: a pause that has grown long is cut short. */
export const wakeHeld = (wake: (key: string) => void, releases: Pick<Releases, 'keys' | 'get'>, reason: Reason): void => {
  for (const key of releases.keys()) {
    if (isHeldBy(releases.get(key)?.release.status.conditions, reason)) wake(key);
  }
};
