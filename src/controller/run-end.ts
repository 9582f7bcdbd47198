import { reasonSpec } from '../api/reasons.ts';
import type { Outcome } from '../core/status.ts';
import type { RunEnd } from '../ports/metrics.ts';

/** What a run and its report came to. */
export interface Ended {
  /** Undefined for a release that is gone. */
  readonly outcome: Pick<Outcome, 'reason' | 'lookAgainAfterMs'> | undefined;
  /** When the release is looked at again by itself. */
  readonly lookAgainAfterMs: number | undefined;
}

/** How a run that could be reported is counted: by what its reason says of the release. */
export const runEndOf = ({ outcome, lookAgainAfterMs }: Ended): RunEnd => {
  const calm = lookAgainAfterMs === undefined ? 'Success' : 'LookAgain';
  if (outcome === undefined) return calm;
  if (outcome.reason === 'ReconcileFailed') return 'Fault';
  const { ready, also } = reasonSpec(outcome.reason);
  if (also === 'Stalled') return 'Stalled';
  return ready === 'False' ? 'Failed' : calm;
};
