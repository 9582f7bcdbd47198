import { parseExact } from './exact-json.ts';
import { type Fields, isFields } from './parsed-json.ts';
import { type Element, elementOf, type FieldPath } from './field-set.ts';

/** What is at an element of a path within a parsed object; undefined where there is nothing. */
export const stepInto = (value: unknown, element: Element): unknown => {
  if (element.kind === 'Member') return isFields(value) && Object.hasOwn(value, element.name) ? value[element.name] : undefined;
  const place = placeIn(value, element);
  return place === undefined || !Array.isArray(value) ? undefined : value[place];
};

/** Where in a list of a parsed object an element is; undefined where it is not there, and for members of maps. */
export const placeIn = (value: unknown, element: Element): number | undefined => {
  if (!Array.isArray(value)) return undefined;
  const place = indexOf(value, element);
  return place >= 0 && place < value.length ? place : undefined;
};

const indexOf = (list: readonly unknown[], element: Element): number => {
  switch (element.kind) {
    case 'Member':
      return -1;
    case 'Key':
      return list.findIndex((entry) => hasKey(entry, element.key));
    case 'Value':
      return list.findIndex((entry) => JSON.stringify(entry) === JSON.stringify(element.value));
    case 'Place':
      return element.index;
  }
};

/**
 * A parsed object without these fields. Maps and lists that are empty by that go too, and entries of lists of which only the key is left; a key
 * stays as long as its entry does. What is not there is passed over. Nothing of the object given is changed.
 */
export const withoutFields = (object: unknown, paths: readonly FieldPath[]): unknown => paths.reduce((left, path) => without(left, path) ?? {}, object);

/** JSON of a manifest, every digit kept. */
export const parseManifest = (json: Uint8Array): unknown => parseExact(Buffer.from(json).toString());

/** JSON of a manifest without these fields; see `withoutFields`. */
export const bytesWithout = (json: Uint8Array, paths: readonly FieldPath[]): Uint8Array => Buffer.from(JSON.stringify(withoutFields(parseManifest(json), paths)));

/** JSON of a manifest with another name. */
export const bytesNamed = (json: Uint8Array, name: string): Uint8Array => {
  const manifest = parseManifest(json);
  if (!isFields(manifest)) return json;
  const metadata = manifest['metadata'];
  return Buffer.from(JSON.stringify({ ...manifest, metadata: { ...(isFields(metadata) && metadata), name } }));
};

const without = (value: unknown, [text, ...rest]: FieldPath): unknown => {
  if (text === undefined) return undefined;
  const element = elementOf(text);
  if (element.kind === 'Member') return isFields(value) && Object.hasOwn(value, element.name) ? withoutMember(value, element.name, rest) : value;
  const place = placeIn(value, element);
  if (place === undefined || !Array.isArray(value)) return value;
  const isKey = element.kind === 'Key' && rest.length === 1 && Object.hasOwn(element.key, nameOf(rest[0]));
  const left = isKey ? value[place] : without(value[place], rest);
  const isGone = left === undefined || (element.kind === 'Key' && left !== value[place] && isOnlyKey(left, element.key));
  const entries = isGone ? value.toSpliced(place, 1) : value.with(place, left);
  return entries.length === 0 ? undefined : entries;
};

const withoutMember = (map: Fields, name: string, rest: FieldPath): unknown => {
  const left = without(map[name], rest);
  if (left === map[name]) return map;
  const members = Object.entries(map).flatMap(([key, member]) => (key !== name ? [[key, member] as const] : left === undefined ? [] : [[key, left] as const]));
  return members.length === 0 ? undefined : Object.fromEntries(members);
};

const nameOf = (text: string | undefined): string => {
  const element = elementOf(text ?? '');
  return element.kind === 'Member' ? element.name : '';
};

const isOnlyKey = (entry: unknown, key: Fields): boolean => isFields(entry) && Object.keys(entry).every((name) => Object.hasOwn(key, name));

/** The API server fills in a part of a key that has a default, as the protocol of a port. */
const hasKey = (entry: unknown, key: Fields): boolean => {
  if (!isFields(entry)) return false;
  const names = Object.keys(key).filter((name) => entry[name] !== undefined);
  return names.length > 0 && names.every((name) => JSON.stringify(entry[name]) === JSON.stringify(key[name]));
};
