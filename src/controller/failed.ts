import type { ChartRelease } from '../api/chart-release.ts';
import type { Outcome } from '../core/status.ts';
import { isRace, reasonOf } from '../ports/errors.ts';

/** What an error of ports and stages comes to, for the status; undefined for a race, a run that was cut off, and a fault of the operator. */
export const outcomeOfError = (error: unknown, signal: AbortSignal): Outcome | undefined => {
  if (signal.aborted || isRace(error)) return undefined;
  const reason = reasonOf(error);
  return reason !== undefined && error instanceof Error ? { reason, message: error.message } : undefined;
};

/** A namespace that we make is missing only while another one of its name goes: then it is looked at soon, however often it was. */
export const withSoonLook = ({ spec }: Pick<ChartRelease, 'spec'>, outcome: Outcome): Outcome =>
  outcome.reason === 'NamespaceNotFound' && spec.createNamespace ? { ...outcome, lookAgainAfterMs: GOING_PAUSE_MS } : outcome;

const GOING_PAUSE_MS = 10_000;
