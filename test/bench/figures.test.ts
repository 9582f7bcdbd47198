import { describe, expect, it } from 'vitest';
import { growth, median, meets, type Pair, ratioOf, rounded, spreadOf, tally } from './figures.ts';

const pairs = (...ratios: readonly number[]): readonly Pair[] => ratios.map((ratio) => ({ upgradeSeconds: 10 * ratio, floorSeconds: 10 }));

describe('ratioOf', () => {
  it.each([
    ['meets a limit that the median keeps to', pairs(1.4, 1.45, 1.55), { ratio: 1.45, verdict: 'meets' }],
    ['misses a limit that the median is over', pairs(1.52, 1.49, 1.6), { ratio: 1.52, verdict: 'misses' }],
    ['refuses a verdict on pairs that lie wide apart', pairs(1.1, 1.2, 1.4), { ratio: 1.2, verdict: 'open' }],
    ['refuses a verdict on two pairs', pairs(1.2, 1.2), { ratio: 1.2, verdict: 'open' }],
    ['refuses a verdict on none', [], { ratio: Number.NaN, verdict: 'open' }],
  ])('%s', (_, given, { ratio, verdict }) => {
    const figures = ratioOf(given, 1.5);
    expect(rounded(figures.ratio, 6)).toBe(ratio);
    expect(figures.verdict).toBe(verdict);
  });

  it('tells how far the pairs lie apart, as a part of the median', () => {
    expect(ratioOf(pairs(1, 1.2, 1.6), 1.5).spread).toBeCloseTo(0.5);
  });
});

describe('median', () => {
  it.each([
    ['the middle one', [3, 1, 2], 2],
    ['the mean of the middle two', [4, 1, 2, 3], 2.5],
    ['the mean of the only two', [1, 9], 5],
    ['the middle, whatever lies far away', [1, 2, 4, 90], 3],
    ['the only one', [7], 7],
    ['nothing of none', [], Number.NaN],
  ])('is %s', (_, values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

it('meets a limit that is just reached', () => {
  expect([meets(0, 0), meets(9.01, 9)]).toEqual(['meets', 'misses']);
});

it('has no spread where all are equal', () => {
  expect(spreadOf([2, 2, 2])).toBe(0);
});

it('tallies texts, the most frequent first and equals by name', () => {
  expect([...tally(['b', 'a', 'c', 'c'])]).toEqual([
    ['c', 2],
    ['a', 1],
    ['b', 1],
  ]);
});

it('tells by how much counts have grown, and leaves out what has not', () => {
  const before = new Map([
    ['GET pods', 2],
    ['LIST pods', 1],
  ]);
  const after = new Map([...before, ['LIST pods', 4] as const, ['GET nodes', 1] as const]);
  expect(growth(before, after)).toEqual(
    new Map([
      ['LIST pods', 3],
      ['GET nodes', 1],
    ]),
  );
});

it('rounds to a number', () => {
  expect(rounded(1.455, 1)).toBe(1.5);
});
