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

/** The order in which Helm uninstalls kinds (the same package, UninstallOrder): Services go earlier than the other order backwards would have it. */
const UNINSTALL_ORDER: readonly string[] = [
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'APIService',
  'Ingress',
  'IngressClass',
  'Service',
  'CronJob',
  'Job',
  'StatefulSet',
  'HorizontalPodAutoscaler',
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'Pod',
  'DaemonSet',
  'RoleBindingList',
  'RoleBinding',
  'RoleList',
  'Role',
  'ClusterRoleBindingList',
  'ClusterRoleBinding',
  'ClusterRoleList',
  'ClusterRole',
  'CustomResourceDefinition',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'StorageClass',
  'ConfigMap',
  'SecretList',
  'Secret',
  'ServiceAccount',
  'PodDisruptionBudget',
  'PodSecurityPolicy',
  'LimitRange',
  'ResourceQuota',
  'NetworkPolicy',
  'Namespace',
  'PriorityClass',
];

/**
 * Groups objects into waves: those of one wave may be sent side by side, a later wave only after an earlier one.
 * Within a wave the given order is kept.
 */
export const installWaves = <T extends Placed>(objects: readonly T[]): readonly (readonly T[])[] => wavesBy(INSTALL_RANK, INSTALL_ORDER.length, objects);

/**
 * The same for deletion. Kinds that Helm does not name, which it leaves for last, go when the webhooks that could refuse it are gone and
 * before everything else: who takes care of custom resources and ends their finalizers is often in the same chart.
 */
export const uninstallWaves = <T extends Placed>(objects: readonly T[]): readonly (readonly T[])[] => wavesBy(UNINSTALL_RANK, UNNAMED_RANK, objects);

interface Placed {
  readonly ref: ObjectRef;
}

const ranksOf = (order: readonly string[]): ReadonlyMap<string, number> => new Map(order.map((kind, index) => [kind, index]));

const INSTALL_RANK = ranksOf(INSTALL_ORDER);
const UNINSTALL_RANK = ranksOf(UNINSTALL_ORDER);
/** An APIService serves such kinds. */
const UNNAMED_RANK = UNINSTALL_ORDER.indexOf('APIService') - 0.5;

const wavesBy = <T extends Placed>(ranks: ReadonlyMap<string, number>, unnamed: number, objects: readonly T[]): readonly (readonly T[])[] => {
  const waves = new Map<number, T[]>();
  for (const object of objects) {
    const rank = ranks.get(object.ref.kind) ?? unnamed;
    const wave = waves.get(rank);
    if (wave === undefined) waves.set(rank, [object]);
    else wave.push(object);
  }
  return [...waves.entries()].sort(([a], [b]) => a - b).map(([, wave]) => wave);
};
