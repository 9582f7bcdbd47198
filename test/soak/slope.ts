import { median, sum } from '../bench/figures.ts';

/** A figure at a moment. */
export interface Point {
  /** Hours since the beginning. */
  readonly atHours: number;
  readonly value: number;
}

/** Change an hour of the line that is nearest to the points (least squares); undefined of fewer than three, which tell nothing. */
export const slopeOf = (points: readonly Point[]): number | undefined => {
  if (points.length < 3) return undefined;
  const [at, value] = [mean(points.map(({ atHours }) => atHours)), mean(points.map((point) => point.value))];
  const spread = sum(points.map(({ atHours }) => (atHours - at) ** 2));
  return sum(points.map((point) => (point.atHours - at) * (point.value - value))) / spread;
};

/** Medians of the first and of the last third of the points: whether something piles up, though it goes up and down. */
export const thirdsOf = (points: readonly Point[]): { readonly first: number; readonly last: number } => {
  const third = Math.ceil(points.length / 3);
  const values = points.map(({ value }) => value);
  return { first: median(values.slice(0, third)), last: median(values.slice(-third)) };
};

const mean = (values: readonly number[]): number => sum(values) / values.length;
