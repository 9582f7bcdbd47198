import type { ObjectRef } from './object-ref.ts';

/**
 * The order in which Helm installs kinds (helm.sh/helm/v4, pkg/release/v1/util, InstallOrder). Kinds that are not
 * named come after all of these.
 */
const INSTALL_ORDER: readonly string[] = [
  'PriorityClass',
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'SecretList',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleList',
  'ClusterRoleBinding',
  'ClusterRoleBindingList',
  'Role',
  'RoleList',
  'RoleBinding',
  'RoleBindingList',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];

const RANK: ReadonlyMap<string, number> = new Map(INSTALL_ORDER.map((kind, index) => [kind, index]));

const rankOf = (kind: string): number => RANK.get(kind) ?? INSTALL_ORDER.length;

/**
 * Groups objects into waves: those of one wave may be sent side by side, a later wave only after an earlier one.
 * Within a wave the given order is kept.
 */
export const installWaves = <T extends { readonly ref: ObjectRef }>(objects: readonly T[]): readonly (readonly T[])[] => {
  const waves = new Map<number, T[]>();
  for (const object of objects) {
    const rank = rankOf(object.ref.kind);
    const wave = waves.get(rank);
    if (wave === undefined) waves.set(rank, [object]);
    else wave.push(object);
  }
  return [...waves.entries()].sort(([a], [b]) => a - b).map(([, wave]) => wave);
};

/**
 * The waves of `installWaves` backwards: what was installed last goes first, custom resources before the rest. (Helm's
 * own order for uninstalling leaves kinds that it does not know for last.)
 */
export const uninstallWaves = <T extends { readonly ref: ObjectRef }>(objects: readonly T[]): readonly (readonly T[])[] => [...installWaves(objects)].reverse();
