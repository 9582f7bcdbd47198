import { groupOf, type ObjectRef, printRef } from './object-ref.ts';
import type { PlannedObject } from './plan.ts';

/** An object whose change the API server refuses, since only another object can be so, and its words. */
export interface Immovable {
  readonly object: PlannedObject;
  readonly message: string;
}

/** Whether a refusal of the API server says that only another object can be as the manifest wants it. There is no code for it. */
export const isOnlyAnew = (message: string): boolean => WORDS.test(message);

/** What a person can do about such a refusal; empty for any other. */
export const adviceOnRefusal = (message: string, ref: ObjectRef): string => {
  if (!isOnlyAnew(message)) return '';
  return bearsData(ref)
    ? '; rename the object in the chart, or bring its data away and delete it by hand'
    : '; spec.force: true has it deleted and made anew, or rename the object in the chart';
};

/** What is known of an object that would have to be deleted and made anew. */
export interface Obsolete {
  readonly ref: ObjectRef;
  /** The chart, or a person on the object itself, wants it to be kept. */
  readonly isKept: boolean;
  /** `spec` as the API server has it, of a StatefulSet alone. */
  readonly spec: unknown;
}

/** Why an object is not deleted to be made anew, whatever spec.force says; undefined where nothing stands against it. */
export const objectionToAnew = ({ ref, isKept, spec }: Obsolete): string | undefined => {
  const object = printRef(ref);
  if (bearsData(ref)) return `${object} is not deleted for spec.force, since data would go with it: rename it in the chart, or bring its data away and delete it by hand`;
  if (isKept) return `${object} is not deleted for spec.force, since helm.sh/resource-policy keeps it: rename it in the chart, or delete it by hand`;
  if (ref.kind === 'StatefulSet' && takesClaimsAlong(spec))
    return `${object} is not deleted for spec.force, since its persistentVolumeClaimRetentionPolicy would delete its volumes with it: set whenDeleted to Retain first`;
  return undefined;
};

/** Kinds with which goes what cannot be made anew. */
const DATA: ReadonlySet<string> = new Set(['/PersistentVolumeClaim', '/PersistentVolume', '/Namespace', 'apiextensions.k8s.io/CustomResourceDefinition']);

const bearsData = ({ apiVersion, kind }: ObjectRef): boolean => DATA.has(`${groupOf(apiVersion)}/${kind}`);

const takesClaimsAlong = (spec: unknown): boolean =>
  (spec as { readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string } } | undefined)?.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete'; // apps/v1

const WORDS = new RegExp(
  [
    'immutable',
    'may not change once set',
    'may not be changed in an update',
    'cannot change roleRef',
    'updates to \\w+( spec for fields other than .*)? (are|is) forbidden',
    'pod updates may not change fields',
  ].join('|'),
);
