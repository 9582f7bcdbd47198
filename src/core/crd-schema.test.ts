import { describe, expect, it } from 'vitest';
import { narrowings, type Schema } from './crd-schema.ts';

const whats = (from: Schema, to: Schema) => narrowings(from, to).map(({ what }) => what);

const object = (properties: Readonly<Record<string, unknown>>, more: Schema = {}): Schema => ({ type: 'object', properties, ...more });
const text: Schema = { type: 'string' };
const open = { 'x-kubernetes-preserve-unknown-fields': true };
const either = { 'x-kubernetes-int-or-string': true };

/** What is done to the field `a` of an object. */
const inField = (from: Schema, to: Schema) => [object({ a: from }), object({ a: to })] as const;

describe('a schema is narrower', () => {
  it.each<readonly [string, readonly [Schema, Schema], string]>([
    ['by a property that is gone', [object({ a: text, b: text }), object({ a: text })], '.b: it would be removed'],
    ['by a property that is gone further down', inField(object({ b: object({ c: text }) }), object({ b: object({}) })), '.a.b.c: it would be removed'],
    ['by a property of the elements of a list', inField({ type: 'array', items: object({ b: text }) }, { type: 'array', items: object({}) }), '.a[].b: it would be removed'],
    [
      'by a property of the members of a map',
      inField({ type: 'object', additionalProperties: object({ b: text }) }, { type: 'object', additionalProperties: object({}) }),
      '.a.*.b: it would be removed',
    ],
    ['by all properties', [object({ a: text }), { type: 'object' }], '.a: it would be removed'],
    ['by another type', inField(text, { type: 'integer' }), '.a: its type would change from string to integer'],
    ['by integers alone', inField({ type: 'number' }, { type: 'integer' }), '.a: its type would change from number to integer'],
    ['by a type where there was none', inField(open, text), '.a: its type would change from anything to string'],
    ['by strings alone, where integers went too', inField(either, text), '.a: its type would change from integer or string to string'],
    ['by integers beside strings, where anything went', inField(open, either), '.a: its type would change from anything to integer or string'],
    ['by an enum', inField(text, { ...text, enum: ['x'] }), '.a: it would have to be one of an enum'],
    ['by a value less in an enum', inField({ ...text, enum: ['x', 'y', 'z'] }, { ...text, enum: ['y'] }), '.a: its enum would lose "x", "z"'],
    ['by a pattern', inField(text, { ...text, pattern: '^x$' }), '.a: it would have to match ^x$'],
    ['by another pattern', inField({ ...text, pattern: '^x' }, { ...text, pattern: '^y' }), '.a: it would have to match ^y'],
    ['by a format', inField(text, { ...text, format: 'date-time' }), '.a: it would have to have the format date-time'],
    ['by a shorter format', inField({ type: 'integer', format: 'int64' }, { type: 'integer', format: 'int32' }), '.a: it would have to have the format int32'],
    ['by a maximum', inField({ type: 'integer' }, { type: 'integer', maximum: 5 }), '.a: maximum would be 5'],
    ['by a smaller maximum', inField({ type: 'integer', maximum: 6 }, { type: 'integer', maximum: 5 }), '.a: maximum would be 5'],
    [
      'by a maximum that is excluded',
      inField({ type: 'integer', maximum: 5 }, { type: 'integer', maximum: 5, exclusiveMaximum: true }),
      '.a: maximum would be 5, that value excluded',
    ],
    ['by a minimum of zero', inField({ type: 'integer' }, { type: 'integer', minimum: 0 }), '.a: minimum would be 0'],
    ['by a greater minimum', inField({ type: 'integer', minimum: 1 }, { type: 'integer', minimum: 2 }), '.a: minimum would be 2'],
    [
      'by a minimum that is excluded',
      inField({ type: 'integer', minimum: 1 }, { type: 'integer', minimum: 1, exclusiveMinimum: true }),
      '.a: minimum would be 1, that value excluded',
    ],
    ['by a greatest length', inField(text, { ...text, maxLength: 63 }), '.a: maxLength would be 63'],
    ['by a smaller greatest length', inField({ ...text, maxLength: 64 }, { ...text, maxLength: 63 }), '.a: maxLength would be 63'],
    ['by a least length', inField(text, { ...text, minLength: 1 }), '.a: minLength would be 1'],
    ['by fewer elements', inField({ type: 'array', items: text }, { type: 'array', items: text, maxItems: 3 }), '.a: maxItems would be 3'],
    ['by more elements at least', inField({ type: 'array', items: text, minItems: 1 }, { type: 'array', items: text, minItems: 2 }), '.a: minItems would be 2'],
    ['by fewer members', inField({ type: 'object', ...open }, { type: 'object', ...open, maxProperties: 3 }), '.a: maxProperties would be 3'],
    ['by a step', inField({ type: 'integer' }, { type: 'integer', multipleOf: 5 }), '.a: it would have to be a multiple of 5'],
    ['by a step that is no part of the old one', inField({ type: 'integer', multipleOf: 10 }, { type: 'integer', multipleOf: 3 }), '.a: it would have to be a multiple of 3'],
    ['by null that is allowed no more', inField({ ...text, nullable: true }, text), '.a: it could be null no more'],
    ['by a property that is required', [object({ a: text }), object({ a: text }, { required: ['a'] })], '.: a would be required'],
    ['by a new property that is required', [object({}), object({ a: text }, { required: ['a'] })], '.: a would be required'],
    [
      'by a default that is gone from a property that is required',
      [object({ a: { ...text, default: 'x' } }, { required: ['a'] }), object({ a: text }, { required: ['a'] })],
      '.: a would be required',
    ],
    ['by a rule', inField(text, { ...text, 'x-kubernetes-validations': [{ rule: 'self != ""' }] }), '.a: a rule would be added: self != ""'],
    [
      'by another rule',
      inField({ ...text, 'x-kubernetes-validations': [{ rule: 'a' }] }, { ...text, 'x-kubernetes-validations': [{ rule: 'b' }] }),
      '.a: a rule would be added: b',
    ],
    [
      'by unknown fields that are kept no more',
      inField({ type: 'object', ...open }, { type: 'object' }),
      '.a: fields that the schema does not name would be removed (x-kubernetes-preserve-unknown-fields)',
    ],
    ['by members of any name that are gone', inField({ type: 'object', additionalProperties: text }, { type: 'object' }), '.a.*: members of any name would be removed'],
    ['by a map that becomes an object', inField({ type: 'object', additionalProperties: text }, object({ b: text })), '.a.*: members of any name would be removed'],
    [
      'by a type of members that had any',
      inField({ type: 'object', additionalProperties: true }, { type: 'object', additionalProperties: text }),
      '.a.*: its type would change from anything to string',
    ],
    ['by a type of one member where any went', inField({ type: 'object', ...open }, object({ b: text }, open)), '.a.b: its type would change from anything to string'],
    [
      'by a property that becomes one of a stricter map',
      inField(object({ b: text }), { type: 'object', additionalProperties: { type: 'integer' } }),
      '.a.b: its type would change from string to integer',
    ],
    [
      'by elements that must be unique',
      inField({ type: 'array', items: text }, { type: 'array', items: text, 'x-kubernetes-list-type': 'set' }),
      '.a: its elements would have to be unique (x-kubernetes-list-type: set)',
    ],
    [
      'by other keys of its elements',
      inField(
        { type: 'array', items: text, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n', 'p'] },
        { type: 'array', items: text, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n'] },
      ),
      '.a: its elements would be told apart by other keys: ["n"]',
    ],
    [
      'by having to be an object of its own',
      inField({ type: 'object', ...open }, { type: 'object', ...open, 'x-kubernetes-embedded-resource': true }),
      '.a: it would have to be a whole object (x-kubernetes-embedded-resource)',
    ],
    ['by another condition of allOf', inField(text, { ...text, allOf: [{ minLength: 1 }] }), '.a: allOf would have another condition'],
    ['by anyOf', inField(text, { ...text, anyOf: [{ minLength: 1 }] }), '.a: anyOf would allow less'],
    ['by one possibility less', inField({ ...text, anyOf: [{ pattern: 'x' }, { pattern: 'y' }] }, { ...text, anyOf: [{ pattern: 'x' }] }), '.a: anyOf would allow less'],
    ['by another oneOf', inField({ ...text, oneOf: [{ pattern: 'x' }] }, { ...text, oneOf: [{ pattern: 'y' }] }), '.a: oneOf would be another'],
    ['by not', inField(text, { ...text, not: { pattern: 'x' } }), '.a: not would be another'],
  ])('%s', (_name, [from, to], what) => {
    expect(whats(from, to)).toEqual([what]);
  });
});

describe('a schema is not narrower', () => {
  it.each<readonly [string, readonly [Schema, Schema]]>([
    ['when it is the same', [object({ a: text }, { required: ['a'] }), object({ a: text }, { required: ['a'] })]],
    ['by another property', [object({ a: text }), object({ a: text, b: text })]],
    ['by the first property', [{ type: 'object' }, object({ a: text })]],
    ['by a property that is required and has a default', [object({}), object({ a: { ...text, default: 'x' } }, { required: ['a'] })]],
    ['by what is required no more', [object({ a: text }, { required: ['a'] }), object({ a: text })]],
    ['by numbers beside integers', inField({ type: 'integer' }, { type: 'number' })],
    ['by strings beside integers', inField({ type: 'integer' }, either)],
    ['by anything', inField(text, open)],
    ['by one value more in an enum, in another order', inField({ ...text, enum: ['x', 'y'] }, { ...text, enum: ['z', 'y', 'x'] })],
    ['by an enum that is gone', inField({ ...text, enum: ['x'] }, text)],
    ['by a pattern, a format and limits that are gone', inField({ ...text, pattern: 'x', format: 'uri', maxLength: 3, minLength: 1 }, text)],
    ['by wider limits', inField({ type: 'integer', minimum: 2, maximum: 4 }, { type: 'integer', minimum: 1, maximum: 5 })],
    ['by limits that were excluded', inField({ type: 'integer', minimum: 2, exclusiveMinimum: true }, { type: 'integer', minimum: 2 })],
    ['by a least length of zero', inField(text, { ...text, minLength: 0 })],
    ['by a longer format', inField({ type: 'integer', format: 'int32' }, { type: 'integer', format: 'int64' })],
    ['by a finer step', inField({ type: 'integer', multipleOf: 10 }, { type: 'integer', multipleOf: 5 })],
    ['by null', inField(text, { ...text, nullable: true })],
    [
      'by a rule less',
      inField({ ...text, 'x-kubernetes-validations': [{ rule: 'a' }, { rule: 'b' }] }, { ...text, 'x-kubernetes-validations': [{ rule: 'b', message: 'another' }] }),
    ],
    ['by unknown fields that are kept', inField(object({ b: text }), { type: 'object', ...open })],
    ['by a map in place of an object', inField(object({ b: text }), { type: 'object', additionalProperties: text })],
    ['by members of any name in place of some', inField({ type: 'object', additionalProperties: text }, { type: 'object', additionalProperties: true })],
    ['by a name for a member that could be anything', inField({ type: 'object', ...open }, object({ b: open }, open))],
    [
      'by elements that need not be unique',
      inField({ type: 'array', items: text, 'x-kubernetes-list-type': 'set' }, { type: 'array', items: text, 'x-kubernetes-list-type': 'atomic' }),
    ],
    ['by a condition less of allOf', inField({ ...text, allOf: [{ minLength: 1 }, { maxLength: 3 }] }, { ...text, allOf: [{ maxLength: 3 }] })],
    ['by one possibility more', inField({ ...text, anyOf: [{ pattern: 'x' }] }, { ...text, anyOf: [{ pattern: 'x' }, { pattern: 'y' }] })],
    ['by conditions that are gone', inField({ ...text, anyOf: [{ pattern: 'x' }], oneOf: [{ pattern: 'x' }], not: { pattern: 'y' } }, text)],
    ['by descriptions and defaults', inField({ ...text, description: 'x', default: 'x' }, { ...text, description: 'y', default: 'y' })],
    ['by what every object has anyhow', [object({ apiVersion: text, kind: text, metadata: { type: 'object' }, spec: text }), object({ spec: text })]],
    [
      'by what every embedded object has anyhow',
      inField(object({ kind: text }, { 'x-kubernetes-embedded-resource': true }), object({}, { 'x-kubernetes-embedded-resource': true })),
    ],
  ])('%s', (_name, [from, to]) => {
    expect(whats(from, to)).toEqual([]);
  });
});

it('tells what is lost from what is refused', () => {
  const both = narrowings(object({ a: text, b: text }), object({ b: { ...text, maxLength: 1 } }));
  expect(both).toEqual([
    { what: '.a: it would be removed', isLoss: true },
    { what: '.b: maxLength would be 1', isLoss: false },
  ]);
});
