import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs } from './retry.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

describe('retryDelayMs', () => {
  it.each([
    ['is up to 10 s after the first failure', 1, ALMOST_ONE, 10_000],
    ['doubles with the second', 2, ALMOST_ONE, 20_000],
    ['doubles with the third', 3, ALMOST_ONE, 40_000],
    ['ends doubling at ten minutes', 7, ALMOST_ONE, 600_000],
    ['stays at ten minutes after very many failures', 100_000, ALMOST_ONE, 600_000],
    ['is never under a tenth of that', 1, 0, 1_000],
    ['is spread evenly', 1, 0.5, 5_500],
    ['takes no failure for the first', 0, ALMOST_ONE, 10_000],
  ])('%s', (_name, failures, random, expected) => {
    expect(retryDelayMs(failures, random)).toBe(expected);
  });

  it('stays short where it is to', () => {
    expect([1, 2, 3, 100].map((failures) => retryDelayMs(failures, ALMOST_ONE, 20_000))).toEqual([10_000, 20_000, 20_000, 20_000]);
  });

  it('is whole milliseconds between 1 s and 10 min', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 1_000_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
        const delayMs = retryDelayMs(failures, random);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(1_000);
        expect(delayMs).toBeLessThanOrEqual(600_000);
      }),
    );
  });

  it('never shrinks with another failure', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
        expect(retryDelayMs(failures + 1, random)).toBeGreaterThanOrEqual(retryDelayMs(failures, random));
      }),
    );
  });
});
