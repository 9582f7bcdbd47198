/** Seconds of an upgrade and of the floor that was measured right after it, on the same state of the lab. */
export interface Pair {
  readonly upgradeSeconds: number;
  readonly floorSeconds: number;
}

/** What the pairs say of the ratio; `verdict` is open where they say too little. */
export interface RatioFigures {
  /** Median of the pairs. */
  readonly ratio: number;
  /** Largest minus smallest, as a part of the median. */
  readonly spread: number;
  readonly verdict: 'meets' | 'misses' | 'open';
}

const LEAST_PAIRS = 3;
const WIDEST_SPREAD = 0.15;

/** Median and spread of the pairs' ratios, judged against a limit: only when there are three pairs that lie within 15 %. */
export const ratioOf = (pairs: readonly Pair[], limit: number): RatioFigures => {
  const ratios = pairs.map(({ upgradeSeconds, floorSeconds }) => upgradeSeconds / floorSeconds);
  const [ratio, spread] = [median(ratios), spreadOf(ratios)];
  const isOpen = pairs.length < LEAST_PAIRS || !(spread <= WIDEST_SPREAD);
  return { ratio, spread, verdict: isOpen ? 'open' : meets(ratio, limit) };
};

export const meets = (value: number, limit: number): 'meets' | 'misses' => (value <= limit ? 'meets' : 'misses');

/** The middle of the values, the mean of the two in the middle of an even number; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
};

/** Largest minus smallest, as a part of the median. */
export const spreadOf = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values)) / median(values);

/** How often each text comes, the most frequent first. */
export const tally = (texts: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return new Map([...counts].toSorted(([a, x], [b, y]) => y - x || a.localeCompare(b)));
};

/** What was added to each count between two moments; what was not is left out. */
export const growth = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map([...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const).filter(([, count]) => count !== 0));

export const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** Rounded to so many digits after the point, as a number. */
export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
