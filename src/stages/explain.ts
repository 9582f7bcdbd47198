import { type Cause, withCause } from '../core/cause.ts';
import { WEIGHT } from '../core/pod-state.ts';
import type { AppliedObject, Unready } from '../core/readiness.ts';
import { QUIET_MS } from '../core/status.ts';
import type { Causes } from '../ports/causes.ts';
import type { Clock } from '../ports/clock.ts';

/** What is to be explained. */
export interface ExplainInput {
  readonly releaseKey: string;
  readonly verdict: Unready & { readonly laggards: readonly AppliedObject[] };
  /** When the wait began, in ms. */
  readonly since: number;
  /** Nothing more is waited for. */
  readonly isOver: boolean;
}

/**
 * The verdict with its cause, where one is found: of the first object that is not ready, or of the second where that one says more. A wait
 * that is young is not looked into. What waiting cannot help has failed. Rejects only when the signal aborts.
 */
export const explain = async (deps: { readonly causes: Causes; readonly clock: Clock }, input: ExplainInput, signal: AbortSignal): Promise<Unready> => {
  const { releaseKey, since, verdict } = input;
  const isWatched = verdict.kind === 'Waiting' && !input.isOver;
  if (isWatched && deps.clock.now() - since < QUIET_MS) return verdict;
  let best: { readonly object: AppliedObject; readonly cause: Cause } | undefined;
  for (const object of verdict.laggards.slice(0, MOST_LAGGARDS)) {
    const cause = await deps.causes.of(releaseKey, { ...object, since }, { isWatched, lines: 1 }, signal);
    if (cause !== undefined && cause.weight > (best?.cause.weight ?? 0)) best = { object, cause };
    if ((best?.cause.weight ?? 0) > WEIGHT.pending) break;
  }
  return best === undefined ? verdict : withCause(verdict, best.object.ref, best.cause);
};

/** Others wait for these two, or are looked into when they are ready. */
const MOST_LAGGARDS = 2;
