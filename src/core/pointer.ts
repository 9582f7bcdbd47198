import { type Element, elementOf, type FieldPath, printElement, printValue } from './field-set.ts';
import { placeIn, stepInto } from './manifest-path.ts';

/** A path that people wrote, in parts: `/spec/ports/port=80/nodePort`. */
export type Pointer = readonly string[];

/** Takes a path apart; undefined where it is none. The empty path is the object itself. */
export const parsePointer = (text: string): Pointer | undefined => (text === '' ? [] : text.startsWith('/') ? text.slice(1).split('/') : undefined);

/**
 * Whether a field is what the pointer names, or in it. `*` is any member of a map or entry of a list; an entry is named by its key or a part
 * of it (`name=web`), by its value in a list of plain values, or, as in a JSON pointer, by its place in the list of `manifest`.
 */
export const isWithin = (path: FieldPath, pointer: Pointer, manifest: unknown): boolean => {
  let value = manifest;
  for (const [at, segment] of pointer.entries()) {
    const text = path[at];
    if (text === undefined) return false;
    const element = elementOf(text);
    if (segment !== '*' && !names(segment, element, placeIn(value, element))) return false;
    value = stepInto(value, element);
  }
  return true;
};

const names = (segment: string, element: Element, place: number | undefined): boolean => {
  if (printElement(element) === segment) return true;
  switch (element.kind) {
    case 'Member':
      return false;
    case 'Key':
      return isPartOf(segment, element.key) || segment === String(place);
    case 'Value':
    case 'Place':
      return segment === String(place);
  }
};

const isPartOf = (segment: string, key: Readonly<Record<string, unknown>>): boolean =>
  segment.split(',').every((pair) => {
    const [name = '', ...value] = pair.split('=');
    return value.length > 0 && Object.hasOwn(key, unescaped(name)) && printValue(key[unescaped(name)]) === unescaped(value.join('='));
  });

const unescaped = (text: string): string => text.replaceAll('~1', '/').replaceAll('~0', '~');
