/** Identity of a Kubernetes object; namespace is empty for kinds of cluster scope. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** API group of an apiVersion; empty for the core group. */
export const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '');

/**
 * A key that is equal exactly for the same object. The version is left out: `apps/v1` and `apps/v1beta1` serve one
 * and the same Deployment.
 */
export const refKey = (ref: ObjectRef): string => [groupOf(ref.apiVersion), ref.kind, ref.namespace, ref.name].join('/');

/** The object as messages name it: `Deployment default/web`, `ClusterRole view`. */
export const printRef = (ref: ObjectRef): string => (ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`);

/** Key of a ChartRelease on the work queue. */
export const keyOf = (object: { readonly namespace: string; readonly name: string }): string => `${object.namespace}/${object.name}`;
