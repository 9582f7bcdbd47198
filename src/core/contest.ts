/** How often something was corrected that came back each time, and when last. */
export interface Correction {
  readonly at: number;
  /** How often it had come back by then. */
  readonly returns: number;
}

/** When something that has come back is to be corrected: now, as one that has come back so often, or later. */
export type NextCorrection = { readonly kind: 'Now'; readonly returns: number } | { readonly kind: 'Later'; readonly afterMs: number };

/**
 * What comes back soon after it was corrected is corrected once more at once; who takes it back again is fought only after a pause, of 10 s
 * doubling to 10 min. What has been left alone for a good while starts afresh.
 */
export const nextCorrection = (last: Correction | undefined, now: number): NextCorrection => {
  if (last === undefined || now - last.at >= calmMs(last)) return { kind: 'Now', returns: 0 };
  const returns = last.returns + 1;
  const afterMs = last.at + pauseMs(returns) - now;
  return afterMs <= 0 ? { kind: 'Now', returns } : { kind: 'Later', afterMs };
};

/** How long after a correction it counts as left alone. */
export const calmMs = ({ returns }: Correction): number => Math.max(MIN_CALM_MS, 2 * pauseMs(returns + 1));

const pauseMs = (returns: number): number => (returns <= FREE ? 0 : Math.min(FIRST_MS * 2 ** Math.min(returns - FREE - 1, 10), MOST_MS));

const FREE = 1;
const FIRST_MS = 10_000;
const MOST_MS = 600_000;
const MIN_CALM_MS = 60_000;
