import fc from 'fast-check';
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

  const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) };
  const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019!#$%&*+.^_`|~-'), minLength: 1, maxLength: 12 });
  const name = fc.oneof(token, fc.constantFrom('realm', 'service', 'scope', '__proto__', 'constructor', 'toString'));

  it('reads back what was written, however it was written', () => {
    // What a header can hold, without what ends it.
    const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 40 });
    const parameters = fc.uniqueArray(fc.tuple(name, text), { selector: ([key]) => key.toLowerCase(), minLength: 1, maxLength: 5 });
    const comma = fc.constantFrom(',', ', ', ' ,\t', ',,');
    const quote = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;
    const written = fc.property(fc.array(fc.tuple(token, parameters), { minLength: 1, maxLength: 3 }), comma, (challenges, separator) => {
      const header = challenges.map(([scheme, all]) => `${scheme} ${all.map(([key, value]) => `${key}=${quote(value)}`).join(separator)}`).join(separator);
      const expected = challenges.map(([scheme, all]) => [scheme.toLowerCase(), all.map(([key, value]) => [key.toLowerCase(), value]).toSorted()]);
      expect(parseChallenges(header).map(({ scheme, parameters: read }) => [scheme, Object.entries(read).toSorted()])).toEqual(expected);
    });
    fc.assert(written, RUNS);
  }, 600_000);

  it('answers whatever it is given with challenges, and with no more than there is in it', () => {
    const piece = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), token, name, fc.constantFrom('Bearer ', 'Basic ', 'realm="', '"', '\\', '=', ',', ' ', '\t', '\0'));
    const answers = fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const header = pieces.join('');
      const read = parseChallenges(header).flatMap(({ scheme, parameters }) => [scheme, ...Object.entries(parameters).flat()]);
      expect(read.join('').length).toBeLessThanOrEqual(header.length);
      expect(read.every((part) => typeof part === 'string')).toBe(true);
    });
    fc.assert(answers, RUNS);
  }, 600_000);
});
