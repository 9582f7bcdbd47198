import { epochMsOf } from '../api/time.ts';

/** Owner of the fields that releases set. */
export const FIELD_MANAGER = 'tagalong';

/** A set of fields as `fieldsV1` has it: a tree of path steps. */
export interface FieldTree {
  readonly [step: string]: FieldTree;
}

/** An entry of `metadata.managedFields`: who set which fields, and how. */
export interface ManagedEntry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly fieldsType: string;
  readonly fieldsV1: FieldTree;
  /** RFC 3339. */
  readonly time?: string;
  readonly subresource?: string;
}

/** The entry of what we apply. */
export const ownEntry = (entries: readonly ManagedEntry[]): ManagedEntry | undefined => entries.find(isOwn);

/**
 * Whether a Helm wrote the entry: stock helm, or another program with Helm inside, which is known by who set the name of the release. What
 * is in it and not in our manifest would stay for ever.
 */
export const isOfHelm = (entry: ManagedEntry): boolean =>
  isOthers(entry) && (entry.manager === 'helm' || entry.fieldsV1['f:metadata']?.['f:annotations']?.['f:meta.helm.sh/release-name'] !== undefined);

/** Whether the entry says what somebody had declared with kubectl: an object that is taken over is declared by its chart from then on. */
export const isOfKubectl = (entry: ManagedEntry): boolean => isOthers(entry) && KUBECTL.includes(entry.manager);

/** The last time, in ms, at which a Helm wrote a field that it still has; undefined where it has none. */
export const lastWrittenByHelm = (entries: readonly ManagedEntry[]): number | undefined => {
  const times = entries.filter(isOfHelm).map(({ time }) => epochMsOf(time ?? ''));
  return times.length === 0 ? undefined : Math.max(...times);
};

/**
 * The entries with those that are `taken` made part of ours, so that the next apply takes away what our manifest does not have; undefined
 * where there are none. What others have set stays theirs.
 */
export const fold = (entries: readonly ManagedEntry[], isTaken: (entry: ManagedEntry) => boolean): readonly ManagedEntry[] | undefined => {
  const taken = entries.filter(isTaken);
  const own = ownEntry(entries);
  const first = own ?? taken.at(-1);
  if (first === undefined || taken.length === 0) return undefined;
  const { apiVersion, fieldsType, time } = first;
  const fieldsV1 = taken.map((entry) => entry.fieldsV1).reduce(union, own?.fieldsV1 ?? {});
  const folded: ManagedEntry = { manager: FIELD_MANAGER, operation: 'Apply', apiVersion, ...(time !== undefined && { time }), fieldsType, fieldsV1 };
  return [...entries.filter((entry) => entry !== own && !taken.includes(entry)), folded];
};

/** Who writes what people declare with kubectl: apply, create, apply --server-side, and what had no owner when that came. */
const KUBECTL: readonly string[] = ['kubectl-client-side-apply', 'kubectl-create', 'kubectl', 'kubectl-last-applied', 'before-first-apply'];

const isOwn = ({ manager, operation, subresource }: ManagedEntry): boolean => manager === FIELD_MANAGER && operation === 'Apply' && subresource === undefined;

/** What is written through a subresource, a status or a scale, is nobody's declaration. */
const isOthers = ({ manager, subresource }: ManagedEntry): boolean => manager !== FIELD_MANAGER && subresource === undefined;

const union = (one: FieldTree, other: FieldTree): FieldTree => {
  const steps = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...steps].map((step) => [step, union(one[step] ?? {}, other[step] ?? {})]));
};
