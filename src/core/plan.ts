import { hash } from 'node:crypto';
import { asStored } from './secret-data.ts';
import { refKey, printRef, type ObjectRef } from './object-ref.ts';

/** An object of a manifest and its place in the cluster. */
export interface PlacedObject {
  readonly ref: ObjectRef;
  /** Template it came from. */
  readonly source: string;
  /** Must stay when the chart drops it or the release goes (`helm.sh/resource-policy: keep`). */
  readonly isKept: boolean;
  /** Of its JSON: what has the same one is the same, byte for byte. */
  readonly digest: string;
}

/** An object as it is going to the cluster. */
export interface PlannedObject extends PlacedObject {
  /** Its JSON, sent as it is (but for text of Secrets: secret-data.ts). */
  readonly json: Uint8Array;
}

/** What the plan needs to know of an object that came from a manifest. */
export interface ManifestObject extends ObjectRef {
  readonly source: string;
  readonly resourcePolicy: string;
  readonly json: Uint8Array;
}

/** Key of a kind in the scopes that `planObjects` is given. */
export const kindKey = (kind: Pick<ObjectRef, 'apiVersion' | 'kind'>): string => `${kind.apiVersion}/${kind.kind}`;

/**
 * Gives each object of a manifest its place: the release's namespace where its kind lives in namespaces and the
 * manifest names none, no namespace where its kind has none. `scopes` holds every kind by `kindKey`.
 */
export const planObjects = (objects: readonly ManifestObject[], scopes: ReadonlyMap<string, 'Namespaced' | 'Cluster'>, namespace: string): readonly PlannedObject[] =>
  objects.map((object) => {
    const json = asStored(object, object.json);
    const isCluster = scopes.get(kindKey(object)) === 'Cluster';
    return {
      ref: { apiVersion: object.apiVersion, kind: object.kind, namespace: isCluster ? '' : object.namespace || namespace, name: object.name },
      source: object.source,
      isKept: object.resourcePolicy.trim().toLowerCase() === 'keep',
      digest: hash('sha256', json, 'base64'),
      json,
    };
  });

/** A sentence about the first object that the manifest holds twice, or undefined: which of the two is meant, nobody can say. */
export const duplicateObjection = (objects: readonly PlannedObject[]): string | undefined => {
  const seen = new Map<string, PlannedObject>();
  for (const object of objects) {
    const first = seen.get(refKey(object.ref));
    if (first !== undefined) return `${printRef(object.ref)} is in the chart twice: ${first.source} and ${object.source}`;
    seen.set(refKey(object.ref), object);
  }
  return undefined;
};

/**
 * Objects of earlier revisions that the new one has no more. One that any of those revisions keeps is to be kept: which of
 * them was applied last, an unfinished one or the one before it, their manifests do not say.
 */
export const objectsToPrune = (earlier: readonly PlacedObject[], wanted: readonly ObjectRef[]): readonly PlacedObject[] => {
  const stays = new Set(wanted.map(refKey));
  const kept = new Set(earlier.filter(({ isKept }) => isKept).map(({ ref }) => refKey(ref)));
  const gone = new Map(earlier.map((object) => [refKey(object.ref), object]));
  return [...gone].filter(([key]) => !stays.has(key)).map(([key, object]) => ({ ...object, isKept: kept.has(key) }));
};

/** A record, and the objects that it may have left in the cluster. */
interface Held<T> {
  readonly record: T;
  readonly objects: readonly PlacedObject[];
}

/**
 * Of records that are to go before a new revision's is there, those that have to wait for that: an object that the new revision has too, and no
 * record that stays, would be known to nobody, and be left behind, where the new one does not come about.
 */
export const recordsToWait = <T>(leaving: readonly Held<T>[], staying: readonly Held<T>[], wanted: readonly ObjectRef[]): readonly T[] => {
  const known = new Set(staying.flatMap(({ objects }) => objects.map(({ ref }) => refKey(ref))));
  const alone = new Set(wanted.map(refKey).filter((key) => !known.has(key)));
  return leaving.filter(({ objects }) => objects.some(({ ref }) => alone.has(refKey(ref)))).map(({ record }) => record);
};
