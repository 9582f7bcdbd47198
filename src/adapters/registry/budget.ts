/** What a registry says it will answer before it refuses, to whoever it takes us for. */
export interface Budget {
  /** Requests that are allowed in all; undefined where the registry does not say. */
  readonly limit: number | undefined;
  /** Requests that are left. */
  readonly remaining: number;
  /** Until when they have to last, in ms since the epoch. */
  readonly until: number;
}

/** The part of the limit that polls leave for pulls; of what is left, where no limit is known. */
const KEPT = 0.1;
/** While so much of it is left, nothing is saved. */
const PLENTY = 0.5;

/** Whether so much is left that nothing has to be saved. */
export const isPlenty = ({ limit, remaining }: Budget): boolean => limit !== undefined && remaining >= limit * PLENTY;

/**
 * By how much the pauses between polls are to grow so that what is left lasts: 1 where it does, and Infinity where nothing is left for them.
 * `spentPerMs` is what the polls take of the budget by themselves.
 */
export const stretchFor = (budget: Budget, spentPerMs: number, now: number): number => {
  const { limit, remaining, until } = budget;
  if (until <= now || isPlenty(budget)) return 1;
  const wanted = spentPerMs * (until - now);
  const usable = Math.max(0, remaining - KEPT * (limit ?? remaining));
  // Who takes nothing need not wait, however little is left.
  return wanted < 1 || wanted <= usable ? 1 : wanted / usable;
};

/** How much weight the newest answer has in what a poll is taken to cost. */
const NEWEST = 0.1;
/** A poll is two requests at most (HEAD, then GET); what is spent beyond that others have spent. */
const MOST = 2;

/** What one poll takes of the budget, by how much less was left after it: registries count pulls, and not all of them count looks. */
export const costAfter = (cost: number, before: Budget | undefined, after: Budget): number => {
  // Filled up since, or of another account.
  if (before === undefined || after.remaining > before.remaining) return cost;
  return (1 - NEWEST) * cost + NEWEST * Math.min(MOST, before.remaining - after.remaining);
};
