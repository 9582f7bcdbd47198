import type { DriftIgnore } from '../api/chart-release.ts';
import { type FieldPath, type FieldSet, holds, lackingIn, leavesOf, parseFields, printPath, touches } from './field-set.ts';
import { type ManagedEntry, ownEntry } from './managed-fields.ts';
import { type ObjectRef, printRef, refKey } from './object-ref.ts';
import { isOwnMark } from './ownership.ts';
import { isWithin, parsePointer } from './pointer.ts';

/** Who may have fields of ours: a field manager, what it goes through (as `scale`), or both. */
export interface ExcusedOwner {
  readonly manager?: string;
  readonly subresource?: string;
}

/**
 * Controllers of Kubernetes, and others that are in many clusters, which have fields that charts set too: replicas, the rules of ClusterRoles that
 * are put together of others, the CA bundles of webhooks.
 */
export const KNOWN_OWNERS: readonly ExcusedOwner[] = [
  { manager: 'kube-controller-manager', subresource: 'scale' },
  { manager: 'keda', subresource: 'scale' },
  { manager: 'keda-operator', subresource: 'scale' },
  { manager: 'clusterrole-aggregation-controller' },
  { manager: 'cert-manager-cainjector' },
];

/** What is no drift. */
export interface DriftRules {
  readonly excused: readonly ExcusedOwner[];
  readonly ignored: readonly DriftIgnore[];
}

/** Who has a field now. */
export type FieldOwner = Pick<ManagedEntry, 'manager' | 'subresource'>;

/** A field that was ours when we applied the object, and is not any more. */
export interface LostField {
  readonly path: FieldPath;
  /** None where the field was removed. */
  readonly owners: readonly FieldOwner[];
}

/** What was found of an object whose fields are not those that we left on it. */
export type Inspection =
  | { readonly kind: 'Gone' }
  | { readonly kind: 'Leaving' }
  /** Another release has it by now. */
  | { readonly kind: 'Held'; readonly by: string }
  /** Nothing of it is ours; `by` are those who have set its fields. */
  | { readonly kind: 'Replaced'; readonly by: readonly string[] }
  | { readonly kind: 'Changed'; readonly lost: readonly LostField[] }
  /** The API server does not tell what it would be like. */
  | { readonly kind: 'Unclear'; readonly why: string };

/** An object that is not as it was applied. */
export interface Drift {
  readonly ref: ObjectRef;
  readonly kind: 'Gone' | 'Held' | 'Replaced' | 'Changed';
  /** Of those that are still there. */
  readonly by: string;
  readonly fields: readonly { readonly path: string; readonly by: string }[];
}

/** An object of the manifest. */
export interface WantedObject {
  readonly ref: ObjectRef;
  /** Parsed. */
  readonly manifest: unknown;
}

/**
 * Whether an object has drifted; undefined where all that it has lost is excused, or ignored, or nothing can be said. A Job that is gone is
 * none: it had ended before its revision was deployed, and to make it anew is to run it again.
 */
export const driftOf = (object: WantedObject, inspection: Inspection, rules: DriftRules): Drift | undefined => {
  const { ref } = object;
  if (isIgnored([], object, rules)) return undefined;
  switch (inspection.kind) {
    case 'Unclear':
    case 'Leaving':
      return undefined;
    case 'Gone':
      return isJob(ref) ? undefined : { ref, kind: 'Gone', by: '', fields: [] };
    case 'Held':
      return { ref, kind: 'Held', by: inspection.by, fields: [] };
    case 'Replaced':
      return { ref, kind: 'Replaced', by: inspection.by.slice(0, MOST_OWNERS).join(', '), fields: [] };
    case 'Changed': {
      const fields = inspection.lost.filter((field) => !isExcused(field, object, rules)).map(({ path, owners }) => ({ path: printPath(path), by: describeOwners(owners) }));
      return fields.length === 0 ? undefined : { ref, kind: 'Changed', by: '', fields };
    }
  }
};

/** Fields of an object that were lost, and that to apply it again must leave as they are. */
export const excusedLosses = (object: WantedObject, inspection: Inspection, rules: DriftRules): readonly FieldPath[] =>
  inspection.kind === 'Changed' ? inspection.lost.filter((field) => isExcused(field, object, rules)).map(({ path }) => path) : [];

/** Fields of an object that somebody else has and we have not, and that are left to him: an apply must not contain them. */
export const sparedFields = (object: WantedObject, managed: readonly ManagedEntry[], rules: DriftRules): readonly FieldPath[] => {
  const own = ownSet(managed);
  return othersIn(managed).flatMap((entry) => leavesOf(parseFields(entry.fieldsV1)).filter((path) => !holds(own, path) && isExcused({ path, owners: [entry] }, object, rules)));
};

/** Fields that would be ours after an apply, as `wanted` has it, and are not in `present`, each with those who have it. */
export const lostFields = (present: readonly ManagedEntry[], wanted: readonly ManagedEntry[]): readonly LostField[] =>
  lackingIn(ownSet(present), ownSet(wanted)).map((path) => ({ path, owners: ownersOf(path, othersIn(present)) }));

/** Whether some rule of a release is about the object: then it is worth a look whose its fields are. */
export const isSpokenOf = (ref: ObjectRef, rules: Pick<DriftRules, 'ignored'>): boolean => rules.ignored.some((rule) => isTarget(ref, rule));

/** Whether somebody may have fields of ours. */
export const isExcusedOwner = (owner: FieldOwner, excused: readonly ExcusedOwner[]): boolean =>
  excused.some(({ manager, subresource }) => (manager === undefined || manager === owner.manager) && (subresource === undefined || subresource === owner.subresource));

/** The objects, what of them, and who did it, in one bounded line. */
export const describeDrift = (drifts: readonly Drift[]): string => listed(drifts.map(describeOne), MOST_OBJECTS, '; ', 'objects');

/** Whether to apply the object again is for us to do. */
export const isCorrectable = ({ kind }: Drift): boolean => kind !== 'Held';

/** What a drift is made of, as texts: what is lost again is the same part. */
export const partsOf = ({ ref, kind, fields }: Drift): readonly string[] => (kind === 'Changed' ? fields.map(({ path }) => `${refKey(ref)}#${path}`) : [refKey(ref)]);

const describeOne = ({ ref, kind, by, fields }: Drift): string => {
  switch (kind) {
    case 'Gone':
      return `${printRef(ref)} was deleted`;
    case 'Held':
      return `${printRef(ref)} ${by}`;
    case 'Replaced':
      return `${printRef(ref)} was made anew${by === '' ? '' : ` by ${by}`}`;
    case 'Changed':
      return `${printRef(ref)}: ${listed(
        fields.map((field) => `${field.path} (${field.by})`),
        MOST_FIELDS,
        ', ',
        'fields',
      )}`;
  }
};

const listed = (all: readonly string[], most: number, separator: string, what: string): string =>
  all.length <= most ? all.join(separator) : `${all.slice(0, most).join(separator)} and ${all.length - most} more ${what}`;

const ownSet = (managed: readonly ManagedEntry[]): FieldSet => parseFields(ownEntry(managed)?.fieldsV1);

const othersIn = (managed: readonly ManagedEntry[]): readonly ManagedEntry[] => managed.filter((entry) => entry !== ownEntry(managed));

const ownersOf = (path: FieldPath, others: readonly ManagedEntry[]): readonly FieldOwner[] =>
  others.filter(({ fieldsV1 }) => touches(parseFields(fieldsV1), path)).map(({ manager, subresource }) => ({ manager, ...(subresource !== undefined && { subresource }) }));

const describeOwners = (owners: readonly FieldOwner[]): string =>
  owners.length === 0
    ? 'removed'
    : [...new Set(owners.map(({ manager, subresource }) => (subresource === undefined ? manager : `${manager} by ${subresource}`)))].slice(0, MOST_OWNERS).join(', ');

const isExcused = ({ path, owners }: LostField, object: WantedObject, rules: DriftRules): boolean =>
  !isOwnMark(path) && (owners.some((owner) => isExcusedOwner(owner, rules.excused)) || isIgnored(path, object, rules));

const isIgnored = (path: FieldPath, { ref, manifest }: WantedObject, { ignored }: DriftRules): boolean =>
  ignored.some((rule) => isTarget(ref, rule) && rule.paths.some((text) => isNamed(path, text, manifest)));

const isNamed = (path: FieldPath, text: string, manifest: unknown): boolean => {
  const pointer = parsePointer(text);
  return pointer !== undefined && isWithin(path, pointer, manifest);
};

const isTarget = (ref: ObjectRef, { target = {} }: DriftIgnore): boolean =>
  (target.kind ?? ref.kind) === ref.kind && (target.name ?? ref.name) === ref.name && (target.namespace ?? ref.namespace) === ref.namespace;

const isJob = ({ apiVersion, kind }: ObjectRef): boolean => apiVersion.startsWith('batch/') && kind === 'Job';

const MOST_OBJECTS = 5;
const MOST_FIELDS = 5;
const MOST_OWNERS = 3;
