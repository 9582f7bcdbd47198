import { type FieldSet, parseFields } from '../../../src/core/field-set.ts';
import type { Stored } from './object.ts';
import { compare, type Comparison, EMPTY, fieldsOf, isEmpty, isEqual, merge, printSet, strip, union, without, withNamed } from './fields.ts';
import type { Kind } from './kinds.ts';

/** Who has set which fields, as `metadata.managedFields` tells it. */
interface Manager {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  /** Undefined for who has declared what was so already. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Who writes, and through which subresource. */
export interface Writer {
  readonly manager: string;
  readonly subresource: string | undefined;
  /** RFC 3339. */
  readonly time: string;
}

type Entry = Readonly<Record<string, unknown>>;

/** Server-side apply, forced: what is declared becomes so, and what this manager declared before and nobody has, goes. */
export const apply = (kind: Kind, live: Stored | undefined, declared: Stored, writer: Writer): Stored => {
  const before = managersBefore(kind, live);
  const own = before.find((one) => isOwn(one, 'Apply', writer));
  const fields = fieldsOf(owned(declared), kind.shape);
  const others = before.filter((one) => one !== own);
  const merged = merge(live, withoutManaged(declared), kind.shape) as Stored;
  const everybodys = others.map((one) => one.fields).reduce(union, fields);
  const gone = own === undefined ? EMPTY : without(withNamed(own.fields, kind.shape), union(withNamed(everybodys, kind.shape), METADATA));
  const after = kind.complete(strip(merged, kind.shape, gone) as Stored);
  const change = compared(kind, live, after);
  const isChanged = live === undefined || !isUnchanged(change);
  const time = isChanged ? writer.time : own?.time;
  const now: Manager = { manager: writer.manager, operation: 'Apply', apiVersion: kind.apiVersion, subresource: writer.subresource, fields, time };
  const left = bereft(others, change);
  return withManagers(after, isEmpty(fields) ? left : [...left, now]);
};

/** The name is in it, which everybody declares. */
const METADATA: FieldSet = { isMember: false, children: new Map([['f:metadata', { isMember: true, children: new Map() }]]) };

/** Who had what of an object that nobody was noted on is not known: it is as if one had written it all. */
const managersBefore = (kind: Kind, live: Stored | undefined): readonly Manager[] => {
  const known = managersOf(live);
  if (live === undefined || known.length > 0) return known;
  const { status: _, ...rest } = live;
  const fields = compared(kind, undefined, rest as Stored).added;
  return isEmpty(fields)
    ? []
    : [{ manager: 'before-first-apply', operation: 'Update', apiVersion: kind.apiVersion, subresource: undefined, time: live.metadata.creationTimestamp, fields }];
};

/** Any other write: what it changes becomes the writer's. */
export const update = (kind: Kind, live: Stored | undefined, after: Stored, writer: Writer): Stored => {
  // Where nobody is noted, nobody begins to be.
  if (live !== undefined && managersOf(live).length === 0 && managersOf(after).length === 0) return withManagers(after, []);
  const change = compared(kind, live, after);
  const told = after.metadata.managedFields === live?.metadata.managedFields ? managersOf(live) : managersOf(after);
  const left = bereft(told, change);
  const touched = union(change.added, change.modified);
  if (isEmpty(touched)) return withManagers(after, left);
  const own = left.find((one) => isOwn(one, 'Update', writer) && one.apiVersion === kind.apiVersion);
  const now: Manager = { ...writer, operation: 'Update', apiVersion: kind.apiVersion, fields: own === undefined ? touched : union(own.fields, touched) };
  return withManagers(after, [...left.filter((one) => one !== own), now]);
};

/** Whether a write leaves everything as it is, but for times. */
export const isSame = (one: Stored, other: Stored): boolean => isEqual(timeless(one), timeless(other));

const timeless = (object: Stored): unknown => ({
  ...object,
  metadata: { ...object.metadata, managedFields: object.metadata.managedFields?.map((entry) => ({ ...(entry as Entry), time: '' })) },
});

const compared = (kind: Kind, live: Stored | undefined, after: Stored): Comparison =>
  compare(merge(kind.empty, owned(live ?? {}), kind.shape), merge(kind.empty, owned(after), kind.shape), kind.shape);

const isUnchanged = ({ added, modified, removed }: Comparison): boolean => isEmpty(added) && isEmpty(modified) && isEmpty(removed);

/** What can have an owner: the rest of metadata is the API server's. */
const owned = ({ metadata, ...rest }: Partial<Stored>): Readonly<Record<string, unknown>> => {
  const { apiVersion: _, kind: __, ...fields } = rest;
  const { labels, annotations, finalizers, ownerReferences } = metadata ?? {};
  const part = { ...(labels && { labels }), ...(annotations && { annotations }), ...(finalizers && { finalizers }), ...(ownerReferences && { ownerReferences }) };
  return Object.keys(part).length === 0 ? fields : { ...fields, metadata: part };
};

const withoutManaged = ({ metadata: { managedFields: _, ...metadata }, ...rest }: Stored): unknown => ({ ...rest, metadata });

/** What changed is theirs no more, and what is gone is nobody's. */
const bereft = (managers: readonly Manager[], { added, modified, removed }: Comparison): readonly Manager[] =>
  managers.map((one) => ({ ...one, fields: without(without(without(one.fields, added), modified), removed) })).filter(({ fields }) => !isEmpty(fields));

const isOwn = (one: Manager, operation: string, { manager, subresource }: Writer): boolean =>
  one.operation === operation && one.manager === manager && one.subresource === subresource;

const managersOf = (object: Stored | undefined): readonly Manager[] =>
  (object?.metadata.managedFields ?? []).map((entry) => {
    const { manager, operation, apiVersion, subresource, time, fieldsV1 } = entry as Record<string, string>;
    return { manager: manager ?? '', operation: operation ?? '', apiVersion: apiVersion ?? '', subresource, time, fields: parsed(fieldsV1) };
  });

/** The same text is the same set: most writes leave most sets alone. */
const parsed = (fieldsV1: unknown): FieldSet => {
  const known = typeof fieldsV1 === 'object' && fieldsV1 !== null ? SETS.get(fieldsV1) : EMPTY;
  if (known !== undefined) return known;
  const set = parseFields(fieldsV1);
  SETS.set(fieldsV1 as object, set);
  return set;
};

const SETS = new WeakMap<object, FieldSet>();

const withManagers = (object: Stored, managers: readonly Manager[]): Stored => {
  const entries = [...managers].sort(inOrder).map(printManager);
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries } };
};

const printManager = ({ manager, operation, apiVersion, subresource, time, fields }: Manager): unknown => {
  const fieldsV1 = printSet(fields);
  return { manager, operation, apiVersion, ...(time !== undefined && { time }), fieldsType: 'FieldsV1', fieldsV1, ...(subresource !== undefined && { subresource }) };
};

const inOrder = (one: Manager, other: Manager): number => {
  for (const key of ['operation', 'time', 'manager', 'apiVersion'] as const) if (one[key] !== other[key]) return (one[key] ?? '') < (other[key] ?? '') ? -1 : 1;
  return (one.subresource ?? '') < (other.subresource ?? '') ? -1 : 1;
};
