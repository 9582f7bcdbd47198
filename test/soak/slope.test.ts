import { describe, expect, test } from 'vitest';
import { isRising, type Point, slopeOf, thirdsOf } from './slope.ts';

const points = (...values: readonly number[]): readonly Point[] => values.map((value, at) => ({ atHours: at / 10, value }));

describe('slopeOf', () => {
  test.each([
    ['a level line', points(5, 5, 5, 5), 0],
    ['a rise of 1 every six minutes', points(1, 2, 3, 4), 10],
    ['a fall', points(4, 3, 2, 1), -10],
    ['ups and downs about a level line', points(4, 6, 6, 4), 0],
    ['a level line with one reading far above it', points(5, 5, 5, 90, 5, 5), 0],
    ['a rise with one reading far below it', points(1, 2, 3, -90, 5, 6, 7), 10],
  ])('%s', (_, line, slope) => {
    expect(slopeOf(line)).toBeCloseTo(slope);
  });

  test('two points tell nothing', () => {
    expect(slopeOf(points(1, 100))).toBeUndefined();
  });
});

describe('isRising', () => {
  test.each([
    ['a rise', points(1, 2, 3, 4, 5, 6, 7), true],
    ['a rise that a fall interrupts', points(1, 2, 3, 4, 5, 6, 3, 7, 8, 9, 10, 11), true],
    ['a rise of too few', points(1, 2, 3, 4, 5), false],
    ['a level line', points(5, 5, 5, 5, 5, 5, 5), false],
    ['a fall', points(7, 6, 5, 4, 3, 2, 1), false],
    ['more often up than down', points(1, 3, 2, 4, 1, 5, 2, 6), false],
  ])('%s', (_, line, expected) => {
    expect(isRising(line)).toBe(expected);
  });
});

test('thirds: one high reading is no growth, a higher level is', () => {
  expect(thirdsOf(points(10, 90, 10, 11, 12, 50, 10, 11, 10))).toEqual({ first: 10, last: 10 });
  expect(thirdsOf(points(10, 11, 10, 15, 16, 15, 20, 21, 20))).toEqual({ first: 10, last: 20 });
});
