import type { FieldSet } from '../../../src/core/field-set.ts';
import { shapeOf, type Shape, WHOLE } from './shapes.ts';

/** A set of fields that is being put together. */
interface Building {
  isMember: boolean;
  readonly children: Map<string, Building>;
}

type Fields = Readonly<Record<string, unknown>>;

const none = (): Building => ({ isMember: false, children: new Map() });

export const EMPTY: FieldSet = none();

export const isEmpty = (set: FieldSet): boolean => !set.isMember && set.children.size === 0;

/** What two values differ in. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Every field that a declared object sets, as its applier owns them. */
export const fieldsOf = (value: unknown, shape: Shape): FieldSet => {
  const set = none();
  gather(value, shape, set);
  return set;
};

const gather = (value: unknown, shape: Shape, into: Building): void => {
  switch (shape.kind) {
    case 'Whole':
      into.isMember = true;
      return;
    case 'Struct':
    case 'Map':
      for (const [name, part] of Object.entries(value as Fields)) {
        const child = childOf(into, `f:${name}`);
        gather(part, shapeOf(shape, name), child);
        if (isBare(part)) child.isMember = true;
      }
      return;
    case 'Keyed':
    case 'Set':
      for (const entry of value as readonly unknown[]) {
        const child = childOf(into, elementFor(shape, entry));
        gather(entry, shape.kind === 'Keyed' ? shape.of : WHOLE, child);
        child.isMember = true;
      }
  }
};

const isBare = (value: unknown): boolean => value === null || (isMap(value) && Object.keys(value).length === 0);

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const childOf = (set: Building, element: string): Building => {
  const known = set.children.get(element);
  if (known !== undefined) return known;
  const child = none();
  set.children.set(element, child);
  return child;
};

/** Path element of an entry of a list. */
const elementFor = (shape: Shape, entry: unknown): string =>
  shape.kind === 'Keyed' ? `k:${JSON.stringify(Object.fromEntries(shape.keys.map((key) => [key, (entry as Fields)[key]])))}` : `v:${JSON.stringify(entry)}`;

/** What changes from one value to the next. */
export const compare = (before: unknown, after: unknown, shape: Shape): Comparison => {
  const all = { added: none(), modified: none(), removed: none() };
  walk({ before, after, shape, path: [], isRoot: true }, all);
  return all;
};

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly shape: Shape;
  readonly path: readonly string[];
  readonly isRoot?: boolean;
}

type Differences = { readonly added: Building; readonly modified: Building; readonly removed: Building };

const walk = (pair: Pair, all: Differences): void => {
  const { before, after, shape, path } = pair;
  if (before === after) return;
  const isLeaf = shape.kind === 'Whole' || (isNothing(before) && isNothing(after));
  if (!isLeaf) for (const part of partsOf(pair)) walk(part, all);
  if (pair.isRoot) return;
  if (before === undefined) insert(all.added, path);
  else if (after === undefined) insert(all.removed, path);
  else if (isLeaf && !isEqual(before, after)) insert(all.modified, path);
};

const isNothing = (value: unknown): boolean => value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

const partsOf = ({ before, after, shape, path }: Pair): readonly Pair[] => {
  if (shape.kind === 'Keyed' || shape.kind === 'Set') {
    const [old, young] = [entriesOf(before, shape), entriesOf(after, shape)];
    const of = shape.kind === 'Keyed' ? shape.of : WHOLE;
    return [...new Set([...old.keys(), ...young.keys()])].map((element) => ({ before: old.get(element), after: young.get(element), shape: of, path: [...path, element] }));
  }
  const [old, young] = [(before ?? {}) as Fields, (after ?? {}) as Fields];
  return [...new Set([...Object.keys(old), ...Object.keys(young)])].map((name) => ({
    before: old[name],
    after: young[name],
    shape: shapeOf(shape, name),
    path: [...path, `f:${name}`],
  }));
};

const entriesOf = (list: unknown, shape: Shape): ReadonlyMap<string, unknown> => new Map(((list ?? []) as readonly unknown[]).map((entry) => [elementFor(shape, entry), entry]));

const insert = (set: Building, path: readonly string[]): void => {
  let at = set;
  for (const element of path) at = childOf(at, element);
  at.isMember = true;
};

/** Whether two JSON values are the same, whatever the order of their keys. */
export const isEqual = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && isEqual((one as Fields)[key], (other as Fields)[key]));
};

export const union = (one: FieldSet, other: FieldSet): FieldSet => {
  if (isEmpty(other)) return one;
  if (isEmpty(one)) return other;
  const children = new Map(one.children);
  for (const [element, child] of other.children) {
    const mine = children.get(element);
    children.set(element, mine === undefined ? child : union(mine, child));
  }
  return { isMember: one.isMember || other.isMember, children };
};

/** Fields of a set that another one has not. */
export const without = (set: FieldSet, other: FieldSet): FieldSet => {
  if (isEmpty(other)) return set;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const taken = other.children.get(element);
    const left = taken === undefined ? child : without(child, taken);
    if (!isEmpty(left)) children.set(element, left);
  }
  return { isMember: set.isMember && !other.isMember, children };
};

/** The same set with the known fields that its members are in. */
export const withNamed = (set: FieldSet, shape: Shape): FieldSet => ({
  isMember: set.isMember,
  children: new Map(
    [...set.children].map(([element, child]) => {
      const isField = element.startsWith('f:');
      const of = isField ? shapeOf(shape, element.slice(2)) : shape.kind === 'Keyed' ? shape.of : WHOLE;
      const named = withNamed(child, of);
      return [element, shape.kind === 'Struct' && isField ? { ...named, isMember: true } : named];
    }),
  ),
});

/** The value without these fields. */
export const strip = (value: unknown, shape: Shape, set: FieldSet): unknown => {
  if (set.children.size === 0) return value;
  if (shape.kind === 'Keyed' || shape.kind === 'Set') {
    return (value as readonly unknown[]).flatMap((entry) => {
      const taken = set.children.get(elementFor(shape, entry));
      if (taken === undefined) return [entry];
      return taken.isMember ? [] : [strip(entry, shape.kind === 'Keyed' ? shape.of : WHOLE, taken)];
    });
  }
  if (!isMap(value)) return value;
  const left: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    const taken = set.children.get(`f:${name}`);
    if (taken === undefined) left[name] = part;
    else if (!taken.isMember) left[name] = strip(part, shapeOf(shape, name), taken);
  }
  return left;
};

/** A value with what is declared put into it. */
export const merge = (value: unknown, declared: unknown, shape: Shape): unknown => {
  if (declared === undefined) return value;
  if (value === undefined || value === null || shape.kind === 'Whole') return declared;
  if (shape.kind === 'Set') return [...new Set([...(value as readonly unknown[]), ...(declared as readonly unknown[])])];
  if (shape.kind === 'Keyed') return mergeEntries(entriesOf(value, shape), entriesOf(declared, shape), shape.of);
  const all: Record<string, unknown> = { ...(value as Fields) };
  for (const [name, part] of Object.entries(declared as Fields)) all[name] = merge(all[name], part, shapeOf(shape, name));
  return all;
};

/** Those declared keep their order; the others stay before what they stood before. */
const mergeEntries = (live: ReadonlyMap<string, unknown>, declared: ReadonlyMap<string, unknown>, shape: Shape): readonly unknown[] => {
  const merged = new Map<string, unknown>();
  const left = [...live.keys()];
  for (const [element, entry] of declared) {
    while (left[0] !== undefined && left[0] !== element && (merged.has(left[0]) || !declared.has(left[0]))) {
      const first = left.shift() ?? '';
      if (!declared.has(first)) merged.set(first, live.get(first));
    }
    if (left[0] === element) left.shift();
    merged.set(element, merge(live.get(element), entry, shape));
  }
  for (const element of left) if (!merged.has(element)) merged.set(element, live.get(element));
  return [...merged.values()];
};

/** The set as `fieldsV1` has it, in the API server's order: first the field itself, then members, keys, values. */
export const printSet = (set: FieldSet): Readonly<Record<string, unknown>> => {
  const printed: Record<string, unknown> = {};
  for (const element of [...set.children.keys()].sort(inOrder)) {
    const child = set.children.get(element) ?? EMPTY;
    printed[element] = child.isMember && child.children.size > 0 ? { '.': {}, ...printSet(child) } : printSet(child);
  }
  return printed;
};

const inOrder = (one: string, other: string): number => (one < other ? -1 : 1);
