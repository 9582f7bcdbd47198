import { describe, expect, it } from 'vitest';
import { chooseTag, isLowerTag, isSameList, tagListOf } from './chosen-tag.ts';
import { parseRange } from './version-range.ts';

const choose = (text: string, tags: readonly string[]) => {
  const parsed = parseRange(text);
  if (parsed.kind === 'Invalid') throw new Error(parsed.message);
  return chooseTag(parsed.range, tagListOf(tags));
};

describe('chooseTag', () => {
  it.each<readonly [string, string, readonly string[], string]>([
    ['the highest, not the last', '^1', ['1.10.0', '1.9.0', '1.2.0', '2.0.0'], '1.10.0'],
    ['no prerelease unless the range names one', '>=1', ['1.0.0', '1.1.0-rc.1'], '1.0.0'],
    ['a prerelease where it does', '>=1-0', ['1.0.0', '1.1.0-rc.1'], '1.1.0-rc.1'],
    ['a tag with a v', '^1', ['v1.2.0', '1.1.0'], 'v1.2.0'],
    ['the one without a v of the same version', '^1', ['v1.2.0', '1.2.0'], '1.2.0'],
    ['a tag with _ for +', '^1', ['1.2.0_build.7', '1.1.0'], '1.2.0_build.7'],
    ['the higher build of the same version', '^1', ['1.2.0_7', '1.2.0_12', '1.2.0'], '1.2.0_12'],
    ['the build that is written', '1.2.0+7', ['1.2.0_7', '1.2.0_12'], '1.2.0_7'],
    ['no tag that moves', '1.2', ['1', '1.2', '1.2.3', 'latest'], '1.2.3'],
  ])('takes %s', (_name, range, tags, expected) => {
    expect(choose(range, tags)).toEqual({ kind: 'Chosen', tag: expected });
  });

  it.each<readonly [string, string, readonly string[], string]>([
    ['the nearest below', '^2', ['1.0.0', '1.9.0', '3.0.0', 'latest'], 'no version in the range ^2 among 4 tags, of which 3 are versions; the nearest is 1.9.0'],
    ['the nearest above', '~1.2', ['1.3.0', '2.0.0'], 'no version in the range ~1.2 among 2 tags, of which 2 are versions; the nearest is 1.3.0'],
    [
      'the prerelease that would do',
      '^2',
      ['1.0.0', '2.1.0-rc.1'],
      'no version in the range ^2 among 2 tags, of which 2 are versions; 2.1.0-rc.1 would be, but is a prerelease, which a range takes only where it names one, as ">=2.1.0-rc.1" does',
    ],
    ['that there is none', '^2', ['latest'], 'no version in the range ^2 among 1 tag, of which 0 are versions'],
    ['that there is nothing', '^2', [], 'no version in the range ^2 among 0 tags, of which 0 are versions'],
  ])('names %s where nothing is in the range', (_name, range, tags, expected) => {
    expect(choose(range, tags)).toEqual({ kind: 'None', message: expected });
  });
});

describe('isLowerTag', () => {
  it.each<readonly [string, string, boolean]>([
    ['1.2.0', '1.10.0', true],
    ['v1.2.0', '1.2.0', false],
    ['1.2.0_1', '1.2.0_2', false],
    ['1.2.0-rc.1', '1.2.0', true],
    ['2.0.0', '1.0.0', false],
    ['stable', '1.0.0', false],
  ])('%s than %s: %s', (tag, than, expected) => {
    expect(isLowerTag(tag, than)).toBe(expected);
  });
});

describe('isSameList', () => {
  it.each<readonly [string, readonly string[], readonly string[], boolean]>([
    ['the same in another order', ['1.0.0', '2.0.0'], ['2.0.0', '1.0.0'], true],
    ['one more version', ['1.0.0'], ['1.0.0', '2.0.0'], false],
    ['one more tag that is no version', ['1.0.0'], ['1.0.0', 'latest'], false],
    ['another version', ['1.0.0'], ['1.0.1'], false],
  ])('%s', (_name, one, other, expected) => {
    expect(isSameList(tagListOf(one), tagListOf(other))).toBe(expected);
  });
});
