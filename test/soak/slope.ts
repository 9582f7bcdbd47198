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
  const spread = total(points.map(({ atHours }) => (atHours - at) ** 2));
  return total(points.map((point) => (point.atHours - at) * (point.value - value))) / spread;
};

/** The middle one, or the mean of the two in the middle; NaN of none. */
export const medianOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const half = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1));
};

/** Medians of the first and of the last third of the points: whether something piles up, though it goes up and down. */
export const thirdsOf = (points: readonly Point[]): { readonly first: number; readonly last: number } => {
  const third = Math.ceil(points.length / 3);
  const values = points.map(({ value }) => value);
  return { first: medianOf(values.slice(0, third)), last: medianOf(values.slice(-third)) };
};

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const mean = (values: readonly number[]): number => total(values) / values.length;
