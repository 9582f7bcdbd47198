import type { Stored } from './object.ts';

/** Which objects of a kind are listed or watched. */
export interface Selector {
  readonly namespace: string | undefined;
  readonly labels: string;
  readonly fields: string;
}

/** Whether an object is one of them. */
export const isSelected = (object: Stored, { namespace, labels, fields }: Selector): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) &&
  requirements(labels).every((one) => meets(one, (key) => object.metadata.labels?.[key])) &&
  requirements(fields).every((one) => meets(one, (path) => fieldOf(object, path)));

const requirements = (text: string): readonly string[] => (text === '' ? [] : text.split(','));

const meets = (requirement: string, lookUp: (key: string) => string | undefined): boolean => {
  const [key = '', operator, wanted] = requirement.split(/(!=|==?)/);
  const value = lookUp(key);
  if (operator === undefined) return value !== undefined;
  return operator === '!=' ? value !== wanted : value === wanted;
};

const fieldOf = (object: Stored, path: string): string | undefined => {
  const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
  return value === undefined ? '' : String(value);
};
