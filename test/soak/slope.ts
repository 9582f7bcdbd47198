import { median, sum } from '../bench/figures.ts';

/** A figure at a moment. */
export interface Point {
  /** Hours since the beginning. */
  readonly atHours: number;
  readonly value: number;
}

/**
 * Change an hour: the median of what any two points say of it (Theil and Sen); undefined of fewer than three, which tell nothing.
 * A leak lifts every later point, the high and the low, so that all pairs have their say, and no burst of work or cut of a way,
 * which are a few points far off the line, turns it. The lowest points of stretches of time would not do: each is one reading, and a cut, which closes what is open, makes it low.
 */
export const slopeOf = (points: readonly Point[]): number | undefined => {
  if (points.length < 3) return undefined;
  return median(slopesOf(points));
};

/**
 * Whether more pairs of points rise than chance explains (the test of Mann and Kendall, two and a half standard deviations), however far up and down the points go.
 * Points that follow no trend are taken for a rise once in some 160 times; where each resembles the one before, more often; half a wave is a rise.
 * Fewer than six cannot say; values that are no numbers count as a rise, since they are no proof of rest.
 */
export const isRising = (points: readonly Point[]): boolean => {
  const count = points.length;
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  return !(sum(slopesOf(points).map(Math.sign)) <= SURE_DEVIATIONS * deviation);
};

const SURE_DEVIATIONS = 2.5;

/** Medians of the first and of the last third of the points: from where to where a figure went. */
export const thirdsOf = (points: readonly Point[]): { readonly first: number; readonly last: number } => {
  const third = Math.ceil(points.length / 3);
  const values = points.map(({ value }) => value);
  return { first: median(values.slice(0, third)), last: median(values.slice(-third)) };
};

/** Change an hour from each point to each later one. */
const slopesOf = (points: readonly Point[]): readonly number[] =>
  points.flatMap((from, at) => points.slice(at + 1).map((to) => (to.value - from.value) / (to.atHours - from.atHours)));
