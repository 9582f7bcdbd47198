import fc from 'fast-check';
import { expect, it } from 'vitest';
import { narrowings, type Schema } from './crd-schema.ts';
import { fieldsOf, isFields, listOf } from './parsed-json.ts';
import { canonicalJson } from './values.ts';

/** What an API server makes of a value by a small part of structural schemas: undefined where it refuses it, else what is stored. */
const store = (schema: Schema, value: unknown): { readonly value: unknown } | undefined => {
  if (value === null) return schema['nullable'] === true || schema['type'] === undefined ? { value } : undefined;
  if (!isOfType(schema, value)) return undefined;
  if (Array.isArray(schema['enum']) && !schema['enum'].some((one) => canonicalJson(one) === canonicalJson(value))) return undefined;
  if (typeof value === 'number' && (value < atLeast(schema, 'minimum') || value > atMost(schema, 'maximum'))) return undefined;
  if (typeof value === 'number' && ((schema['exclusiveMinimum'] === true && value === schema['minimum']) || (schema['exclusiveMaximum'] === true && value === schema['maximum'])))
    return undefined;
  if (typeof value === 'string' && (value.length < atLeast(schema, 'minLength') || value.length > atMost(schema, 'maxLength'))) return undefined;
  if (Array.isArray(value)) return storeList(schema, value);
  return isFields(value) ? storeMembers(schema, value) : { value };
};

const isOfType = (schema: Schema, value: unknown): boolean => {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value === 'string' || Number.isInteger(value);
  switch (schema['type']) {
    case undefined:
      return true;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isFields(value);
    default:
      return typeof value === schema['type'];
  }
};

const atLeast = (schema: Schema, keyword: string): number => (typeof schema[keyword] === 'number' ? schema[keyword] : Number.NEGATIVE_INFINITY);
const atMost = (schema: Schema, keyword: string): number => (typeof schema[keyword] === 'number' ? schema[keyword] : Number.POSITIVE_INFINITY);

const storeList = (schema: Schema, value: readonly unknown[]): { readonly value: unknown } | undefined => {
  if (value.length > atMost(schema, 'maxItems')) return undefined;
  const items = value.map((item) => (isFields(schema['items']) ? store(schema['items'], item) : { value: item }));
  const isTwice = schema['x-kubernetes-list-type'] === 'set' && new Set(items.map((item) => canonicalJson(item?.value))).size < items.length;
  return isTwice || items.some((item) => item === undefined) ? undefined : { value: items.map((item) => item?.value) };
};

const storeMembers = (schema: Schema, value: Schema): { readonly value: unknown } | undefined => {
  const properties = fieldsOf(schema['properties']);
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema['additionalProperties'] === true || schema['type'] === undefined;
  const filled = {
    ...Object.fromEntries(Object.entries(properties).flatMap(([name, one]) => (fieldsOf(one)['default'] === undefined ? [] : [[name, fieldsOf(one)['default']]]))),
    ...value,
  };
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(filled)) {
    const inner = properties[name] ?? schema['additionalProperties'];
    if (!isFields(inner)) {
      if (isOpen) kept[name] = member;
      continue;
    }
    const stored = store(inner, member);
    if (stored === undefined) return undefined;
    kept[name] = stored.value;
  }
  // What is not named is dropped first, and missed then.
  return listOf(schema['required']).some((name) => !(String(name) in kept)) ? undefined : { value: kept };
};

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
const NAMES = ['a', 'b', 'c'];

const schemas = fc.letrec<{ readonly any: Schema }>((tie) => ({
  any: fc
    .oneof(
      { maxDepth: 3, depthIdentifier: 'schema' },
      fc.constant<Schema>({ 'x-kubernetes-preserve-unknown-fields': true }),
      fc.constant<Schema>({ 'x-kubernetes-int-or-string': true }),
      fc.constant<Schema>({ type: 'boolean' }),
      fc.record({
        type: fc.constant('string'),
        enum: maybe(fc.subarray(['', 'x', 'xy', 'xyz'], { minLength: 1 })),
        minLength: maybe(fc.nat(3)),
        maxLength: maybe(fc.nat(3)),
        nullable: maybe(fc.boolean()),
      }),
      fc.record({
        type: fc.constantFrom('integer', 'number'),
        minimum: maybe(fc.nat(3)),
        maximum: maybe(fc.nat(3)),
        exclusiveMinimum: maybe(fc.boolean()),
        exclusiveMaximum: maybe(fc.boolean()),
      }),
      fc.record({ type: fc.constant('array'), items: tie('any'), maxItems: maybe(fc.nat(3)), 'x-kubernetes-list-type': maybe(fc.constantFrom('set', 'atomic')) }),
      fc.record({ type: fc.constant('object'), additionalProperties: fc.oneof(tie('any'), fc.constant(true)), nullable: maybe(fc.boolean()) }),
      fc.record({
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom(...NAMES), tie('any'), { maxKeys: 3 }),
        required: maybe(fc.subarray(NAMES)),
        'x-kubernetes-preserve-unknown-fields': maybe(fc.constant(true)),
      }),
    )
    .map((schema) => Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined))),
})).any;

/** Values near what the schemas above are about. */
const values = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    fc.constantFrom<unknown>(null, true, '', 'x', 'xy', 'xyz', 'wxyz', 0, 1, 2, 3, 4, 0.5),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...NAMES, 'd'), tie('any'), { maxKeys: 4 }),
  ),
})).any;

/** The root of an object, where the API server knows some fields by itself, is no case here. */
const within = (schema: Schema): Schema => ({ type: 'object', properties: { root: schema } });

/** A schema, and one that differs from it in one place. */
const pairs = fc.tuple(schemas, schemas, fc.constantFrom('any', 'less', 'more')).map(([one, other, how]): readonly [Schema, Schema] => {
  if (how === 'any') return [one, other];
  const keys = Object.keys(one).filter((key) => key !== 'type' && key !== 'items');
  const less = Object.fromEntries(Object.entries(one).filter(([key]) => key !== keys[0]));
  return how === 'less' ? [one, less] : [less, one];
});

it('under a schema that is not narrower every object stays as it was', () => {
  let wide = 0;
  fc.assert(
    fc.property(pairs, fc.array(values, { minLength: 30, maxLength: 30 }), ([from, to], objects) => {
      if (narrowings(within(from), within(to)).length > 0) return;
      wide += 1;
      for (const object of objects) {
        const before = store(from, object);
        if (before === undefined) continue;
        // A default that is new may fill in what was left out.
        expect(store(to, before.value)).toMatchObject(before);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(wide).toBeGreaterThan(100);
});
