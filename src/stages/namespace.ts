import type { ObjectRef } from '../core/object-ref.ts';
import type { Cluster } from '../ports/cluster.ts';
import { isRace } from '../ports/errors.ts';

/** Makes sure that there is a namespace, as `helm install --create-namespace` does. One that is there is left as it is. Rejects with ClusterError. */
export const namespace = async (cluster: Cluster, name: string, signal: AbortSignal): Promise<void> => {
  const ref: ObjectRef = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name };
  if ((await cluster.look(ref, signal)) !== undefined) return;
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { name } } };
  await cluster.create(ref, new TextEncoder().encode(JSON.stringify(object)), { dryRun: false }, signal).catch(unlessThere);
};

/** Another release was first. */
const unlessThere = (error: unknown): void => {
  if (!isRace(error)) throw error;
};
