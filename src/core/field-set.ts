import { isFields } from './parsed-json.ts';

/**
 * Sets of fields as managedFields has them (`fieldsV1`, sigs.k8s.io/structured-merge-diff): which parts of an object somebody owns. A path is
 * made of elements in the API server's own words: `f:spec` a member of a map, `k:{"name":"web"}` the entry of a list with that key, `v:"x"` the
 * entry of a set, `i:0` a place in a list.
 */
export interface FieldSet {
  /** The field itself is in the set, and not only something in it. */
  readonly isMember: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export type FieldPath = readonly string[];

/** Reads `fieldsV1`; what is none is the empty set. */
export const parseFields = (fieldsV1: unknown): FieldSet => ({ ...nodeOf(fieldsV1), isMember: false });

/** The same set as `fieldsV1` has it. */
export const printFields = (set: FieldSet): Readonly<Record<string, unknown>> => Object.fromEntries([...set.children].map(([element, child]) => [element, printNode(child)]));

/** Every field of the set. */
export const membersOf = (set: FieldSet, at: FieldPath = []): readonly FieldPath[] => [
  ...(set.isMember ? [at] : []),
  ...[...set.children].flatMap(([element, child]) => membersOf(child, [...at, element])),
];

/** Fields of the set that have no parts in it: what has parts belongs to many. */
export const leavesOf = (set: FieldSet, at: FieldPath = []): readonly FieldPath[] =>
  set.children.size === 0 ? (set.isMember ? [at] : []) : [...set.children].flatMap(([element, child]) => leavesOf(child, [...at, element]));

/** Fields of a set that another one lacks. Where all below a field is lacking too, that field stands for it. */
export const lackingIn = (present: FieldSet, wanted: FieldSet): readonly FieldPath[] => lackingAt(present, wanted, []);

/** Whether the set holds the field, something in it, or a field that has no parts of its own and that it is in. */
export const touches = (set: FieldSet, path: FieldPath): boolean => {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    if (node.isMember && node.children.size === 0) return true;
    node = node.children.get(element);
    if (node === undefined) return false;
  }
  return true;
};

/** Whether the field itself is in the set. */
export const holds = (set: FieldSet, path: FieldPath): boolean => {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.children.get(element);
  return node?.isMember ?? false;
};

/** An element, taken apart. */
export type Element =
  | { readonly kind: 'Member'; readonly name: string }
  | { readonly kind: 'Key'; readonly key: Readonly<Record<string, unknown>> }
  | { readonly kind: 'Value'; readonly value: unknown }
  | { readonly kind: 'Place'; readonly index: number };

/** Takes an element of a path apart. One that is of no known kind is a member by its whole text. */
export const elementOf = (text: string): Element => {
  const rest = text.slice(2);
  const parsed = text.startsWith('f:') ? undefined : parsedOrNothing(rest);
  if (text.startsWith('k:') && isFields(parsed)) return { kind: 'Key', key: parsed };
  if (text.startsWith('v:') && parsed !== undefined) return { kind: 'Value', value: parsed };
  if (text.startsWith('i:') && typeof parsed === 'number') return { kind: 'Place', index: parsed };
  return { kind: 'Member', name: text.startsWith('f:') ? rest : text };
};

/**
 * A path as people write it: a JSON pointer (RFC 6901), but for entries of lists, which are named by their keys: `/spec/ports/port=80,protocol=TCP`.
 * The same text is taken in `spec.drift.ignore`.
 */
export const printPath = (path: FieldPath): string => path.map((element) => `/${printElement(elementOf(element))}`).join('');

/** One element of a path as people write it. */
export const printElement = (element: Element): string => {
  switch (element.kind) {
    case 'Member':
      return escapeSegment(element.name);
    case 'Key':
      return Object.entries(element.key)
        .map(([name, value]) => `${escapeSegment(name)}=${escapeSegment(printValue(value))}`)
        .join(',');
    case 'Value':
      return escapeSegment(printValue(element.value));
    case 'Place':
      return String(element.index);
  }
};

/** A value as it stands in a path: a string without its quotes. */
export const printValue = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const escapeSegment = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1');

const SELF = '.';

const nodeOf = (value: unknown): FieldSet => {
  const members = isFields(value) ? Object.entries(value) : [];
  const children = new Map(members.filter(([element]) => element !== SELF).map(([element, child]) => [element, nodeOf(child)]));
  return { isMember: children.size === 0 || members.length > children.size, children };
};

const printNode = (node: FieldSet): unknown => {
  if (node.children.size === 0) return {};
  return { ...(node.isMember && { [SELF]: {} }), ...printFields(node) };
};

const lackingAt = (present: FieldSet | undefined, wanted: FieldSet, at: FieldPath): readonly FieldPath[] => {
  const isLacking = wanted.isMember && present?.isMember !== true;
  if (isLacking && present === undefined) return [at];
  return [...(isLacking ? [at] : []), ...[...wanted.children].flatMap(([element, child]) => lackingAt(present?.children.get(element), child, [...at, element]))];
};

const parsedOrNothing = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
