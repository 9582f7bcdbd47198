import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNewer } from './resource-version.ts';

describe('isNewer', () => {
  it.each([
    ['100', '99', true],
    ['99', '100', false],
    ['100', '100', false],
    ['9007199254740993', '9007199254740992', true],
    ['9223372036854775807', '18446744073709551615', false],
    ['1', '', true],
  ])('of %s than %s is %s', (version, than, expected) => {
    expect(isNewer(version, than)).toBe(expected);
  });

  it('is the order of the numbers, whatever their length', () => {
    // Long and short ones, and near ones, which share their first digits.
    const version = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 20n }));
    const pair = fc.oneof(
      fc.tuple(version, version),
      fc.tuple(version, fc.bigInt({ min: 0n, max: 3n })).map(([one, step]) => [one, one + step] as const),
    );
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(isNewer(String(one), String(other))).toBe(one > other);
        expect(isNewer(String(other), String(one))).toBe(other > one);
      }),
    );
  });
});
