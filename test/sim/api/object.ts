/** Metadata as the API server keeps them. */
export interface StoredMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly unknown[];
  readonly managedFields?: readonly unknown[];
}

/** An object as the API server keeps it; never changed, only replaced. */
export type Stored = Readonly<Record<string, unknown>> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMetadata;
};

/** JSON of an object, made once. */
export const jsonOf = (object: Stored): string => remembered(FULL, object, () => JSON.stringify(object));

/** What metadata alone are. */
export const PARTIAL = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' } as const;

/** JSON of its metadata alone. */
export const metadataJsonOf = (object: Stored): string => remembered(METADATA, object, () => JSON.stringify({ ...PARTIAL, metadata: object.metadata }));

const FULL = new WeakMap<Stored, string>();
const METADATA = new WeakMap<Stored, string>();

const remembered = (all: WeakMap<Stored, string>, object: Stored, make: () => string): string => {
  const known = all.get(object);
  if (known !== undefined) return known;
  const made = make();
  all.set(object, made);
  return made;
};
