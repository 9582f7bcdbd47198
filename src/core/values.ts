import { createHash } from 'node:crypto';

/** Values as text, and where they came from. */
export interface ValuesDocument {
  /** YAML that is merged; with a target path, one value. */
  readonly text: string;
  /** What messages call it. */
  readonly name: string;
  /** Where the value is set, as `helm --set` has it. */
  readonly targetPath?: string;
  /** The value is the text as it is, not what `--set` makes of it. */
  readonly isLiteral: boolean;
  /** Nothing of the text may be in a message. */
  readonly isSecret: boolean;
}

/** The values that a release is given, later documents win, and their digest: what has another one is another revision. */
export interface GivenValues {
  readonly documents: readonly ValuesDocument[];
  readonly digest: string;
}

/** What messages call the values of the spec itself. */
const INLINE = 'spec.values';

/**
 * The values of a release: those of other objects in their order, then those of the spec, which win. What counts of the former is their
 * text: only helm-engine reads YAML as Helm does, so another order of keys or another comment is a difference.
 */
export const givenValues = (sourced: readonly ValuesDocument[], inline: unknown): GivenValues => {
  const own = inline === undefined ? [] : [inline];
  return {
    documents: [...sourced, ...own.map((values) => ({ text: JSON.stringify(values), name: INLINE, isLiteral: false, isSecret: false }))],
    digest: valuesDigest([...sourced.map(({ text, targetPath, isLiteral }) => [text, targetPath ?? null, isLiteral]), ...own]),
  };
};

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
