import { at, listAt, textAt } from './fields.ts';
import { groupOf, type ObjectRef } from './object-ref.ts';

/** What is looked at of an object that is not ready. */
export type Sort =
  /** It is a pod. */
  | 'Pod'
  /** It has pods, which it makes itself or by ReplicaSets. */
  | 'Workload'
  /** It waits for its volume. */
  | 'Claim';

/** How an object can be looked into; undefined for kinds that nothing but their own status tells of. */
export const sortOf = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): Sort | undefined => SORTS[`${groupOf(apiVersion)}/${kind}`];

const SORTS: Readonly<Record<string, Sort>> = {
  '/Pod': 'Pod',
  '/PersistentVolumeClaim': 'Claim',
  'apps/Deployment': 'Workload',
  'apps/StatefulSet': 'Workload',
  'apps/DaemonSet': 'Workload',
  'apps/ReplicaSet': 'Workload',
  'batch/Job': 'Workload',
};

/** Where the pods of an object are found, and which of them count. */
export interface Workload {
  /** Label selector of its pods. */
  readonly selector: string;
  /** UID of what makes them: its Events say why there are none. */
  readonly maker: string;
  /** Only pods of the newest template count; which that is, is told by their label, or by the youngest of them. */
  readonly newest: { readonly kind: 'All' } | { readonly kind: 'Youngest' } | { readonly kind: 'Revision'; readonly revision: string };
}

/** Label selector of a parsed workload as requests have it; empty where it has none, which selects nothing. */
export const selectorOf = (workload: unknown): string => {
  const labels = at(workload, 'spec', 'selector', 'matchLabels');
  const equal = typeof labels === 'object' && labels !== null ? Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`) : [];
  return [...equal, ...listAt(workload, 'spec', 'selector', 'matchExpressions').map(requirement)].join(',');
};

/** Of a parsed workload, and of the ReplicaSets that its selector finds where it is a Deployment; undefined while its controller has not made what makes its pods. */
export const readWorkload = (object: unknown, replicaSets: readonly unknown[]): Workload | undefined => {
  const selector = selectorOf(object);
  const maker = textAt(object, 'metadata', 'uid');
  if (selector === '') return undefined;
  switch (textAt(object, 'kind')) {
    case 'Deployment': {
      const newest = newestOf(object, replicaSets);
      const hash = textAt(newest, 'metadata', 'labels', 'pod-template-hash');
      return hash === '' ? undefined : { selector: `${selector},pod-template-hash=${hash}`, maker: textAt(newest, 'metadata', 'uid'), newest: { kind: 'All' } };
    }
    case 'StatefulSet':
      return { selector, maker, newest: { kind: 'Revision', revision: textAt(object, 'status', 'updateRevision') } };
    case 'DaemonSet':
      return { selector, maker, newest: { kind: 'Youngest' } };
    case 'ReplicaSet':
    case 'Job':
      return { selector, maker, newest: { kind: 'All' } };
    default:
      return undefined;
  }
};

const REVISION = 'deployment.kubernetes.io/revision';

const newestOf = (deployment: unknown, replicaSets: readonly unknown[]): unknown => {
  const [uid, revision] = [textAt(deployment, 'metadata', 'uid'), textAt(deployment, 'metadata', 'annotations', REVISION)];
  return replicaSets.find(
    (one) => textAt(one, 'metadata', 'annotations', REVISION) === revision && listAt(one, 'metadata', 'ownerReferences').some((owner) => textAt(owner, 'uid') === uid),
  );
};

const requirement = (expression: unknown): string => {
  const [key, operator] = [textAt(expression, 'key'), textAt(expression, 'operator')];
  const values = listAt(expression, 'values').map(String).join(',');
  switch (operator) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'NotIn':
      return `${key} notin (${values})`;
    default:
      return `${key} in (${values})`;
  }
};
