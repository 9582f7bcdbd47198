import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExact } from './exact-json.ts';
import { canonicalJson, givenValues, type ValuesDocument, valuesDigest } from './values.ts';

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same JSON value with the keys of every map in the opposite order. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
};

describe('canonicalJson', () => {
  it.each<readonly [string, unknown, string]>([
    ['sorts the keys of every map', { b: 1, a: { d: [], c: {} } }, '{"a":{"c":{},"d":[]},"b":1}'],
    ['keeps the order of lists', [3, 1, [2, 1]], '[3,1,[2,1]]'],
    ['sorts maps inside lists', [{ b: 1, a: 2 }], '[{"a":2,"b":1}]'],
    ['tells a number from its text', { a: '1', b: 1 }, '{"a":"1","b":1}'],
    ['keeps null and empty text', { a: null, b: '' }, '{"a":null,"b":""}'],
    ['escapes keys', { 'a"b': true }, '{"a\\"b":true}'],
    ['takes a key named __proto__ for a key', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    ['keeps every digit of a raw number', parseExact('{"id":9223372036854775807}'), '{"id":9223372036854775807}'],
  ])('%s', (_name, value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('valuesDigest', () => {
  it('is a sha256 digest', () => {
    expect(valuesDigest([{ a: 1 }])).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each<readonly [string, readonly unknown[], readonly unknown[]]>([
    ['the order of keys', [{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
    ['the way a number is written', [parseExact('{"a":1.0}')], [parseExact('{"a":1}')]],
  ])('is the same whatever %s', (_name, one, other) => {
    expect(valuesDigest(one)).toBe(valuesDigest(other));
  });

  it.each<readonly [string, readonly unknown[], readonly unknown[]]>([
    ['a value', [{ a: 1 }], [{ a: 2 }]],
    ['the type of a value', [{ a: 1 }], [{ a: '1' }]],
    ['a value that becomes null', [{}], [{ a: null }]],
    ['the order of documents', [{ a: 1 }, { a: 2 }], [{ a: 2 }, { a: 1 }]],
    ['the border between documents', [1, 2], [12]],
    ['no values and empty values', [], [{}]],
    ['the last digit of a long number', [parseExact('{"a":9223372036854775807}')], [parseExact('{"a":9223372036854775806}')]],
  ])('differs with %s', (_name, one, other) => {
    expect(valuesDigest(one)).not.toBe(valuesDigest(other));
  });
});

describe('the digest of given values', () => {
  const from = (text: string, more: Partial<ValuesDocument> = {}): ValuesDocument => ({ text, name: 'ConfigMap a/b, key c', isLiteral: false, isSecret: false, ...more });
  const digestOf = (sourced: readonly ValuesDocument[], inline?: unknown) => givenValues(sourced, inline).digest;

  it('is that of the spec alone where nothing else is given, so that what runs keeps its digest', () => {
    expect(digestOf([], { a: 1 })).toBe(valuesDigest([{ a: 1 }]));
    expect(digestOf([])).toBe(valuesDigest([]));
  });

  it('does not depend on which object the text is in', () => {
    expect(digestOf([from('a: 1', { name: 'Secret x/y, key z', isSecret: true })])).toBe(digestOf([from('a: 1')]));
  });

  it.each<readonly [string, readonly ValuesDocument[], unknown]>([
    ['the text', [from('a: 2')], undefined],
    ['the place where it is set', [from('a: 1', { targetPath: 'x' })], undefined],
    ['how it is set', [from('a: 1', { isLiteral: true })], undefined],
    ['what the spec adds', [from('a: 1')], {}],
    ['one more document', [from('a: 1'), from('a: 1')], undefined],
    ['the same as part of the spec', [], { a: 1 }],
  ])('differs with %s', (_name, sourced, inline) => {
    expect(digestOf(sourced, inline)).not.toBe(digestOf([from('a: 1')]));
  });
});
