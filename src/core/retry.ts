const FIRST_MS = 10_000;
const MOST_MS = 600_000;
const FIRST_UNDONE_MS = 600_000;
const MOST_UNDONE_MS = 6 * 3_600_000;

/**
 * How long to wait after the n-th failure in a row: up to 10 s doubling to 10 min, or less where it is to stay short, without an end. Full jitter, so
 * that releases which failed together are not tried together; never under a tenth, so that luck cannot make a storm.
 */
export const retryDelayMs = (failures: number, random: number, mostMs = MOST_MS): number => {
  const ceiling = Math.min(mostMs, FIRST_MS * 2 ** Math.min(Math.max(failures, 1) - 1, 10));
  return Math.round(ceiling * (0.1 + 0.9 * random));
};

/** How long what failed and was undone is left alone after its n-th try: 10 min doubling to 6 h, without an end. */
export const undoneRetryDelayMs = (attempt: number): number => Math.min(MOST_UNDONE_MS, FIRST_UNDONE_MS * 2 ** Math.min(Math.max(attempt, 1) - 1, 10));
