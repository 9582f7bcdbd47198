import type { Outcome } from '../core/status.ts';
import { isRace, reasonOf } from '../ports/errors.ts';

/** What an error of ports and stages comes to, for the status; undefined for a race, a run that was cut off, and a fault of the operator. */
export const outcomeOfError = (error: unknown, signal: AbortSignal): Outcome | undefined => {
  if (signal.aborted || isRace(error)) return undefined;
  const reason = reasonOf(error);
  return reason !== undefined && error instanceof Error ? { reason, message: error.message } : undefined;
};
