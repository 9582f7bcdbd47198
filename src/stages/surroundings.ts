import { GROUP, PLURAL } from '../api/chart-release.ts';
import type { ObjectRef } from '../core/object-ref.ts';
import type { ReleaseAddress } from '../core/record.ts';
import type { Cluster, LiveObject } from '../ports/cluster.ts';

/** Whether what a ChartRelease and its Helm release are in is being deleted, or is gone. */
export interface Surroundings {
  readonly isKindGoing: boolean;
  readonly isNamespaceGoing: boolean;
  readonly isTargetGoing: boolean;
}

/**
 * Looks at the CustomResourceDefinition of ChartReleases and at both namespaces, as they are now: the API server marks these before it
 * deletes what is in them, so who reads them after he has seen the deletion of a ChartRelease knows why. Rejects with ClusterError.
 */
export const surroundings = async (cluster: Cluster, namespace: string, address: ReleaseAddress, signal: AbortSignal): Promise<Surroundings> => {
  const isGoing = async (ref: ObjectRef) => isLeaving(await cluster.look(ref, signal));
  const [isKindGoing, isNamespaceGoing, isTargetGoing] = await Promise.all([
    isGoing(KIND_REF),
    isGoing(namespaceRef(namespace)),
    address.namespace === namespace ? undefined : isGoing(namespaceRef(address.namespace)),
  ]);
  return { isKindGoing, isNamespaceGoing, isTargetGoing: isTargetGoing ?? isNamespaceGoing };
};

const isLeaving = (live: LiveObject | undefined): boolean => live === undefined || live.isTerminating;

const KIND_REF: ObjectRef = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', namespace: '', name: `${PLURAL}.${GROUP}` };

const namespaceRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name });
