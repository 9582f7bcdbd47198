import { describe, expect, test } from 'vitest';
import { type Point, slopeOf, thirdsOf } from './slope.ts';

const points = (...values: readonly number[]): readonly Point[] => values.map((value, at) => ({ atHours: at / 10, value }));

describe('slopeOf', () => {
  test.each([
    ['a level line', points(5, 5, 5, 5), 0],
    ['a rise of 1 every six minutes', points(1, 2, 3, 4), 10],
    ['a fall', points(4, 3, 2, 1), -10],
    ['ups and downs about a level line', points(4, 6, 6, 4), 0],
  ])('%s', (_, line, slope) => {
    expect(slopeOf(line)).toBeCloseTo(slope);
  });

  test('two points tell nothing', () => {
    expect(slopeOf(points(1, 100))).toBeUndefined();
  });
});

test('thirds: one high reading is no growth, a higher level is', () => {
  expect(thirdsOf(points(10, 90, 10, 11, 12, 50, 10, 11, 10))).toEqual({ first: 10, last: 10 });
  expect(thirdsOf(points(10, 11, 10, 15, 16, 15, 20, 21, 20))).toEqual({ first: 10, last: 20 });
});
