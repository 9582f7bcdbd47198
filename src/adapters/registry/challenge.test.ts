import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.ts';

describe('parseChallenges', () => {
  it.each([
    ['Basic', 'Basic realm="Registry"', [['basic', { realm: 'Registry' }]]],
    [
      'Bearer as token servers are named',
      'Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://auth.example/token', service: 'r.example', scope: 'repository:a/b:pull,push' }]],
    ],
    ['spaces and plain values', 'bearer  realm = "x" , error=invalid_token', [['bearer', { realm: 'x', error: 'invalid_token' }]]],
    [
      'several challenges',
      'Negotiate, Bearer realm="x", Basic realm="y"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'x' }],
        ['basic', { realm: 'y' }],
      ],
    ],
    [
      'an opaque token',
      'Negotiate YWJj==, Basic realm="y"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'y' }],
      ],
    ],
    ['escapes', 'Basic realm="a\\"b\\\\c"', [['basic', { realm: 'a"b\\c' }]]],
    ['names in any case, the first of two', 'Basic Realm="a", REALM="b"', [['basic', { realm: 'a' }]]],
    ['a scheme alone', 'Basic', [['basic', {}]]],
    ['a name that objects inherit', 'Basic __proto__="a"', [['basic', JSON.parse('{"__proto__":"a"}')]]],
    ['nothing', '', []],
    ['noise', '"""', []],
    ['an unfinished string', 'Bearer realm="x', [['bearer', {}]]],
  ])('reads %s', (_name, header, expected) => {
    const challenges = parseChallenges(header)
      .slice(0, expected.length)
      .map(({ scheme, parameters }) => [scheme, { ...parameters }]);
    expect(challenges).toEqual(expected);
  });

  it('reads a long header in linear time', () => {
    const begun = performance.now();
    parseChallenges(`Bearer ${'a="'.repeat(50_000)}`);
    parseChallenges(`Bearer ${'a '.repeat(50_000)}`);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
