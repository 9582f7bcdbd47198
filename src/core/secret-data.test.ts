import { describe, expect, it } from 'vitest';
import { asStored } from './secret-data.ts';

const SECRET = { apiVersion: 'v1', kind: 'Secret' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('asStored', () => {
  it.each([
    { of: 'text', object: { stringData: { a: 'ß', empty: '' } }, expected: { data: { a: base64('ß'), empty: '' } } },
    { of: 'text beside data, which it wins over', object: { data: { a: 'eA==', b: 'eQ==' }, stringData: { a: 'z' } }, expected: { data: { a: base64('z'), b: 'eQ==' } } },
    { of: 'text beside no data', object: { data: null, stringData: { a: 'z' } }, expected: { data: { a: base64('z') } } },
  ])('has $of as data', ({ object, expected }) => {
    expect(JSON.parse(Buffer.from(asStored(SECRET, Buffer.from(JSON.stringify({ ...SECRET, ...object })))).toString())).toEqual({ ...SECRET, ...expected });
  });

  it.each([
    { of: 'a Secret without text', ref: SECRET, object: { data: { a: 'eA==' } } },
    { of: 'text that is a number', ref: SECRET, object: { stringData: { a: 1 } } },
    { of: 'text that is absent', ref: SECRET, object: { stringData: { a: null } } },
    { of: 'data that is a list', ref: SECRET, object: { data: [], stringData: { a: 'z' } } },
    { of: 'another kind', ref: { apiVersion: 'example.com/v1', kind: 'Secret' }, object: { stringData: { a: 'z' } } },
  ])('leaves $of as it is, byte for byte', ({ ref, object }) => {
    const json = Buffer.from(JSON.stringify(object));
    expect(asStored(ref, json)).toBe(json);
  });
});
