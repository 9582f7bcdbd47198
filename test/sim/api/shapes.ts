/**
 * How a value is put together, as far as server-side apply cares (sigs.k8s.io/structured-merge-diff): what is owned as one, what has
 * parts with owners of their own.
 */
export type Shape =
  /** Owned as a whole: scalars, atomic maps and lists. */
  | { readonly kind: 'Whole' }
  /** Known fields. */
  | { readonly kind: 'Struct'; readonly fields: Readonly<Record<string, Shape>> }
  /** Fields that people name. */
  | { readonly kind: 'Map' }
  /** A list whose entries are known by these keys. */
  | { readonly kind: 'Keyed'; readonly keys: readonly string[]; readonly of: Shape }
  /** A list without order, each of whose values is there once. */
  | { readonly kind: 'Set' };

export const WHOLE: Shape = { kind: 'Whole' };
const MAP: Shape = { kind: 'Map' };
export const struct = (fields: Readonly<Record<string, Shape>>): Shape => ({ kind: 'Struct', fields });
const keyed = (keys: readonly string[], fields: Readonly<Record<string, Shape>>): Shape => ({ kind: 'Keyed', keys, of: struct(fields) });

/** Of a field that the shape does not name. */
export const shapeOf = (shape: Shape, field: string): Shape => (shape.kind === 'Struct' ? (shape.fields[field] ?? WHOLE) : WHOLE);

/** Fields of metadata that anybody can own; the others are the API server's. */
const METADATA = struct({ labels: MAP, annotations: MAP, finalizers: { kind: 'Set' }, ownerReferences: keyed(['uid'], {}) });
const CONDITIONS = keyed(['type'], {});

const POD_SPEC = struct({
  containers: keyed(['name'], { env: keyed(['name'], {}), resources: struct({}), ports: keyed(['containerPort', 'protocol'], {}) }),
  securityContext: struct({}),
});
const POD_TEMPLATE = struct({ metadata: struct({ labels: MAP, annotations: MAP }), spec: POD_SPEC });

export const CONFIG_MAP = struct({ metadata: METADATA, data: MAP, binaryData: MAP });
export const SECRET = struct({ metadata: METADATA, data: MAP });
export const DEPLOYMENT = struct({
  metadata: METADATA,
  spec: struct({ strategy: struct({ rollingUpdate: struct({}) }), template: POD_TEMPLATE }),
  status: struct({ conditions: CONDITIONS }),
});
export const JOB = struct({ metadata: METADATA, spec: struct({ template: POD_TEMPLATE }), status: struct({ conditions: CONDITIONS }) });
export const NAMESPACE = struct({ metadata: METADATA, spec: struct({}), status: struct({ conditions: CONDITIONS }) });
