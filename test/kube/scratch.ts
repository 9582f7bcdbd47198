import type { Cluster } from '../../src/ports/cluster.ts';
import { bytesOf } from './objects.ts';

/** Makes a namespace that no other test has. */
export const scratchNamespace = async (cluster: Cluster): Promise<string> => {
  const name = `kube-${Math.random().toString(36).slice(2, 10)}`;
  const ref = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name };
  await cluster.create(ref, bytesOf(ref, {}), { dryRun: false }, AbortSignal.timeout(10_000));
  return name;
};
