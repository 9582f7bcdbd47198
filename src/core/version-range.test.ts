import { parse } from 'semver';
import { describe, expect, it } from 'vitest';
import { isInRange, parseRange } from './version-range.ts';

const CANDIDATES = ['0.0.0', '0.0.3', '0.2.0', '0.2.9', '0.3.0', '1.0.0-rc.1', '1.0.0', '1.1.9', '1.2.0-alpha', '1.2.0', '1.2.3', '1.3.0', '2.0.0-rc.1', '2.0.0', '2.1.0', '3.0.0'];

const inRange = (text: string): readonly string[] => {
  const parsed = parseRange(text);
  if (parsed.kind === 'Invalid') throw new Error(parsed.message);
  return CANDIDATES.filter((candidate) => {
    const version = parse(candidate);
    return version !== null && isInRange(version, parsed.range);
  });
};

describe('parseRange', () => {
  it.each<readonly [string, readonly string[]]>([
    ['1.2.3', ['1.2.3']],
    ['v1.2.3', ['1.2.3']],
    ['=1.2', ['1.2.0', '1.2.3']],
    ['1.2.x', ['1.2.0', '1.2.3']],
    ['^1.2', ['1.2.0', '1.2.3', '1.3.0']],
    ['^1.2-0', ['1.2.0-alpha', '1.2.0', '1.2.3', '1.3.0']],
    ['^0.2', ['0.2.0', '0.2.9']],
    ['^0', ['0.0.0', '0.0.3', '0.2.0', '0.2.9', '0.3.0']],
    ['^0.0.3', ['0.0.3']],
    ['~1.2', ['1.2.0', '1.2.3']],
    ['~> 1', ['1.0.0', '1.1.9', '1.2.0', '1.2.3', '1.3.0']],
    ['>=1.2 <2', ['1.2.0', '1.2.3', '1.3.0']],
    ['>=1.2,<2', ['1.2.0', '1.2.3', '1.3.0']],
    ['>1.2', ['1.3.0', '2.0.0', '2.1.0', '3.0.0']],
    ['>1', ['2.0.0', '2.1.0', '3.0.0']],
    ['=>2.1', ['2.1.0', '3.0.0']],
    ['<=0.2', ['0.0.0', '0.0.3', '0.2.0', '0.2.9']],
    ['<=1.x', ['0.0.0', '0.0.3', '0.2.0', '0.2.9', '0.3.0', '1.0.0', '1.1.9', '1.2.0', '1.2.3', '1.3.0']],
    ['!=1.x !=0.x', ['2.0.0', '2.1.0', '3.0.0']],
    ['1.2 - 2', ['1.2.0', '1.2.3', '1.3.0', '2.0.0', '2.1.0']],
    ['^1.3 || 0.0.x', ['0.0.0', '0.0.3', '1.3.0']],
    ['>=2.0.0-0 <3', ['2.0.0-rc.1', '2.0.0', '2.1.0']],
    ['~0.0.0', CANDIDATES.filter((candidate) => !candidate.includes('-'))],
    ['*', CANDIDATES.filter((candidate) => !candidate.includes('-'))],
    ['01.02.03', ['1.2.3']],
  ])('reads %s as Helm does', (text, expected) => {
    expect(inRange(text)).toEqual(expected);
  });

  it.each<readonly [string, string]>([
    ['latest', '"latest" cannot be read'],
    ['1.2.3.4', '"1.2.3.4" cannot be read'],
    ['^1.2,', '"^1.2," cannot be read'],
    [',^1.2', '",^1.2" cannot be read'],
    ['1.2 ||', 'a part of it is empty'],
    ['1.2.3-01', '"1.2.3-01" cannot be read'],
    ['1x', '"1x" cannot be read'],
    ['>> 1', '">> 1" cannot be read'],
    ['1.2\u00a0', 'cannot be read'],
    ['x'.repeat(513), 'it has over 512 characters'],
    [Array(33).fill('1').join('||'), 'it has over 32 parts'],
  ])('refuses %s', (text, why) => {
    expect(parseRange(text)).toEqual({ kind: 'Invalid', message: expect.stringContaining(why) });
  });

  it('says what a range looks like', () => {
    expect(parseRange('stable')).toEqual({
      kind: 'Invalid',
      message: '"stable" is not a range of versions: "stable" cannot be read; write one as Helm reads it, ^1.2, ~1.2.3 or ">=1.2, <2"',
    });
  });

  it('comes to an end with what looks like a range almost to its end', () => {
    for (const text of [`${'1  '.repeat(170)}!`, `${' '.repeat(511)}!`, `${'1 - 1 '.repeat(80)}!`, `${'1-a.'.repeat(120)}!`]) expect(parseRange(text).kind).toBe('Invalid');
  });
});
