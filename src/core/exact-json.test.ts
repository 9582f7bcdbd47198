import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memberSpans, parseExact } from './exact-json.ts';

describe('parseExact', () => {
  it.each([
    '{"id":9223372036854775807}',
    '{"id":-9007199254740993,"other":[18446744073709551615,1]}',
    '{"a":{"b":[{"c":12345678901234567890123}]},"t":"1234567890123456"}',
    '{"small":1,"t":"x"}',
    'null',
  ])('gives back every digit of %s', (text) => {
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });

  it('leaves numbers that JavaScript holds exactly as numbers', () => {
    expect(parseExact('{"n":9007199254740991,"f":0.1234567890123456,"s":"1234567890123456"}')).toEqual({
      n: 9007199254740991,
      f: 0.1234567890123456,
      s: '1234567890123456',
    });
  });

  it('agrees with JSON.parse on everything that has no long integers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseExact(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});

describe('memberSpans', () => {
  const membersOf = (text: string) => Object.fromEntries([...memberSpans(text)].map(([key, { start, end }]) => [key, text.slice(start, end)]));

  it('finds values byte for byte, past quotes, escapes and nesting', () => {
    expect(membersOf('{ "a" : "x\\"}\\\\" ,"b\\n":{"a":[1,{"c":"]"}]}, "d":[ ] ,"e":1e3}')).toEqual({
      a: '"x\\"}\\\\"',
      'b\n': '{"a":[1,{"c":"]"}]}',
      d: '[ ]',
      e: '1e3',
    });
  });

  it('finds nothing in an empty object', () => {
    expect(membersOf('{}')).toEqual({});
  });

  it('finds every member of any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (object, spaced) => {
        const text = JSON.stringify(object, undefined, spaced ? 2 : 0);
        const found = [...memberSpans(text)].map(([key, { start, end }]) => [key, JSON.parse(text.slice(start, end))]);
        expect(found).toEqual(Object.entries(JSON.parse(text)));
      }),
    );
  });
});
