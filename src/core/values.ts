import { createHash } from 'node:crypto';

/**
 * Digest of values documents, in the order in which they are merged. Keys are sorted first: an object that is written
 * again with its keys in another order is the same values. Numbers kept as raw JSON count by their digits.
 */
export const valuesDigest = (documents: readonly unknown[]): string => {
  const hash = createHash('sha256');
  for (const document of documents) hash.update(canonicalJson(document)).update('\n');
  return `sha256:${hash.digest('hex')}`;
};

/** JSON with sorted keys and no white space. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isPlainObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(',')}}`;
};

// Numbers that JavaScript cannot hold come as raw JSON (core/exact-json.ts), whose prototype is null.
const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== null;
