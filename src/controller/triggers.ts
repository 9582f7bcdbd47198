import type { ReleaseChange } from '../ports/releases.ts';
import type { Rollouts } from './rollouts.ts';
import type { Workqueue } from './workqueue.ts';

/** Turns what the watches see into keys to work on. */
export interface Triggers {
  /** A status is written by nobody else. */
  releaseChanged(key: string, change: ReleaseChange): void;
  /** The health of an object of the release changed. Nobody waits for it unless a revision is under way. */
  healthChanged(key: string): void;
  tagChanged(key: string): void;
}

/** The triggers that feed this queue. */
export const triggers = (queue: Workqueue, rollouts: Rollouts): Triggers => ({
  releaseChanged: (key, change) => {
    if (change !== 'status') queue.add(key);
  },
  healthChanged: (key) => {
    if (rollouts.has(key)) queue.add(key);
  },
  tagChanged: (key) => queue.add(key),
});
