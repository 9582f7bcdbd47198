import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, printDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['milliseconds', '250ms', 250],
    ['seconds', '10s', 10_000],
    ['minutes', '5m', 300_000],
    ['hours', '2h', 7_200_000],
    ['several parts', '1h30m15s', 5_415_000],
    ['minutes before milliseconds', '1m500ms', 60_500],
    ['a fraction', '1.5m', 90_000],
    ['nothing at all', '0s', 0],
    ['the same unit twice', '1m1m', 120_000],
  ])('reads %s', (_name, text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    ['an empty text', ''],
    ['a number without a unit', '90'],
    ['a unit without a number', 'm'],
    ['days', '1d'],
    ['a negative duration', '-1m'],
    ['white space', '1m 30s'],
    ['a point without digits', '1.m'],
    ['an exponent', '1e3s'],
    ['a line break after it', '1m\n'],
  ])('does not read %s', (_name, text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('printDuration', () => {
  it.each([
    [0, '0s'],
    [10_000, '10s'],
    [60_000, '1m'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [3_661_000, '1h1m1s'],
    [7_205_000, '2h5s'],
    [1_499, '1s'],
    [59_500, '1m'],
  ])('prints %i ms as %s', (durationMs, expected) => {
    expect(printDuration(durationMs)).toBe(expected);
  });

  it('prints whole seconds such that parseDuration reads them back', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seconds) => {
        expect(parseDuration(printDuration(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });
});
