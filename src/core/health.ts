import { HOOK_RUN } from '../api/chart-release.ts';
import { groupOf, type ObjectRef } from './object-ref.ts';
import { steadyWords } from './words.ts';

/** Health of an object in kstatus' words, with what a person should know about it. */
export interface Health {
  readonly status: 'Current' | 'InProgress' | 'Failed' | 'Terminating';
  /** Short and stable, no times and no counters of attempts. */
  readonly message: string;
  /** That is all there is to say: pods and Events would not say more. */
  readonly isTold?: true;
}

/**
 * Kinds that are ready as soon as they exist, by API group: nothing in their status says more, or, for Service and
 * Ingress, Helm 4 does not wait for it.
 */
const READY_ONCE_THERE: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', new Set(['ConfigMap', 'Secret', 'Service', 'ServiceAccount', 'Endpoints', 'LimitRange', 'ResourceQuota', 'PodTemplate', 'PersistentVolume', 'Namespace'])],
  ['networking.k8s.io', new Set(['Ingress', 'IngressClass', 'NetworkPolicy'])],
  ['rbac.authorization.k8s.io', new Set(['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'])],
  ['admissionregistration.k8s.io', new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'])],
  ['policy', new Set(['PodDisruptionBudget'])],
  ['scheduling.k8s.io', new Set(['PriorityClass'])],
  ['storage.k8s.io', new Set(['StorageClass', 'CSIDriver'])],
  ['autoscaling', new Set(['HorizontalPodAutoscaler'])],
  ['batch', new Set(['CronJob'])],
  ['coordination.k8s.io', new Set(['Lease'])],
]);

/** True for kinds whose status says nothing about readiness: they need no watch. */
export const isReadyOnceThere = (ref: Pick<ObjectRef, 'apiVersion' | 'kind'>): boolean => READY_ONCE_THERE.get(groupOf(ref.apiVersion))?.has(ref.kind) ?? false;

/**
 * Health of a parsed Kubernetes object, nothing of which is trusted, as Helm 4's watcher sees it: kstatus
 * (sigs.k8s.io/cli-utils, pkg/kstatus) with Jobs current only when they are complete. Other than there, a Pod that has
 * failed has failed, and a DaemonSet with OnDelete is not waited for until its pods are updated.
 */
export const healthOf = (object: unknown): Health => {
  if (text(object, 'metadata', 'deletionTimestamp') !== '') return { status: 'Terminating', message: 'is being deleted' };
  const generation = number(object, 'metadata', 'generation');
  const observed = number(object, 'status', 'observedGeneration');
  if (observed !== undefined && generation !== undefined && observed !== generation) return told('its controller has not seen the change yet');
  const kind = `${groupOf(text(object, 'apiVersion'))}/${text(object, 'kind')}`;
  const rule = RULES[kind];
  if (rule !== undefined) return rule(object);
  return isReadyOnceThere({ apiVersion: text(object, 'apiVersion'), kind: text(object, 'kind') }) ? current('exists') : byConditions(object);
};

const current = (message: string): Health => ({ status: 'Current', message });
const waiting = (message: string): Health => ({ status: 'InProgress', message });
const told = (message: string): Health => ({ status: 'InProgress', message, isTold: true });
const failed = (message: string): Health => ({ status: 'Failed', message });

const deployment = (object: unknown): Health => {
  // Helm does not wait for one either: it keeps its old pods until somebody resumes it.
  if (at(object, ['spec', 'paused']) === true) return current('is paused');
  if (number(object, 'status', 'observedGeneration') === undefined) return told('its controller has not seen it yet');
  const progressing = condition(object, 'Progressing');
  const replicas = replicasOf(object);
  const refused = replicas.status === 'Current' ? '' : refusalOf(object);
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return failed([progressing.message.replace(/\.$/, '') || 'made no progress in time', refused].filter((words) => words !== '').join('; '));
  return refused === '' ? replicas : told(refused);
};

/** Why pods cannot be made: a quota, or what else admission says. */
const refusalOf = (object: unknown): string => {
  const failure = condition(object, 'ReplicaFailure');
  return failure?.status === 'True' ? steadyWords(failure.message) || 'its pods cannot be made' : '';
};

const replicasOf = (object: unknown): Health => {
  const wanted = number(object, 'spec', 'replicas') ?? 1;
  const count = counter(object);
  if (count('updatedReplicas') < wanted) return waiting(`${count('updatedReplicas')} of ${wanted} replicas updated`);
  if (count('replicas') > count('updatedReplicas')) return waiting(`${count('replicas') - count('updatedReplicas')} old replicas still there`);
  if (count('replicas') > wanted) return waiting(`${count('replicas') - wanted} replicas too many`);
  if (count('availableReplicas') < wanted) return waiting(`${count('availableReplicas')} of ${wanted} replicas available`);
  return current(`${wanted} of ${wanted} replicas available`);
};

const statefulSet = (object: unknown): Health => {
  if (number(object, 'status', 'observedGeneration') === undefined) return told('its controller has not seen it yet');
  if (text(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return current('is updated on delete');
  const wanted = number(object, 'spec', 'replicas') ?? 1;
  const count = counter(object);
  if (count('readyReplicas') < wanted) return waiting(`${count('readyReplicas')} of ${wanted} replicas ready`);
  if (count('replicas') > wanted) return waiting(`${count('replicas') - wanted} replicas too many`);
  const partition = number(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  if (count('updatedReplicas') < wanted - partition) return waiting(`${count('updatedReplicas')} of ${wanted - partition} replicas updated`);
  if (partition === 0 && text(object, 'status', 'currentRevision') !== text(object, 'status', 'updateRevision')) return waiting('its update is not complete');
  return current(`${wanted} of ${wanted} replicas ready`);
};

const daemonSet = (object: unknown): Health => {
  const wanted = number(object, 'status', 'desiredNumberScheduled');
  if (wanted === undefined || number(object, 'status', 'observedGeneration') === undefined) return told('its controller has not seen it yet');
  const count = counter(object);
  const isRolling = text(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete';
  if (isRolling && count('updatedNumberScheduled') < wanted) return waiting(`${count('updatedNumberScheduled')} of ${wanted} pods updated`);
  if (count('numberAvailable') < wanted) return waiting(`${count('numberAvailable')} of ${wanted} pods available`);
  return current(`${wanted} of ${wanted} pods available`);
};

const replicaSet = (object: unknown): Health => {
  const refused = refusalOf(object);
  if (refused !== '') return told(refused);
  const wanted = number(object, 'spec', 'replicas') ?? 1;
  const count = counter(object);
  if (count('availableReplicas') < wanted) return waiting(`${count('availableReplicas')} of ${wanted} replicas available`);
  if (count('replicas') > wanted) return waiting(`${count('replicas') - wanted} replicas too many`);
  return current(`${wanted} of ${wanted} replicas available`);
};

const job = (object: unknown): Health => {
  const failure = condition(object, 'Failed');
  if (failure?.status === 'True') return failed([failure.reason, failure.message].filter((word) => word !== '').join(': ') || 'failed');
  return condition(object, 'Complete')?.status === 'True' ? current('is complete') : waiting('is not complete');
};

const pod = (object: unknown): Health => {
  const phase = text(object, 'status', 'phase');
  if (phase === 'Succeeded') return current('has completed');
  if (phase === 'Failed') return failed('has failed');
  // A hook is there to end.
  if (phase === 'Running' && text(object, 'metadata', 'annotations', HOOK_RUN) !== '') return waiting('has not completed');
  if (phase === 'Running' && condition(object, 'Ready')?.status === 'True') return current('is ready');
  return waiting(phase === 'Running' ? 'runs and is not ready' : 'is pending');
};

const claim = (object: unknown): Health => (text(object, 'status', 'phase') === 'Bound' ? current('is bound') : waiting('is not bound'));

const definition = (object: unknown): Health => {
  const names = condition(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(names.message || 'its names are taken');
  return condition(object, 'Established')?.status === 'True' ? current('is established') : waiting('is not established');
};

/** Any other kind, also custom ones: what its conditions say by kstatus' conventions, and Current where they say nothing. */
const byConditions = (object: unknown): Health => {
  const stalled = condition(object, 'Stalled');
  if (stalled?.status === 'True') return failed(stalled.message || stalled.reason);
  const reconciling = condition(object, 'Reconciling');
  if (reconciling?.status === 'True') return waiting(reconciling.message || reconciling.reason);
  const ready = condition(object, 'Ready');
  if (ready !== undefined && ready.status !== 'True') return waiting(ready.message || 'is not ready');
  return current('is ready');
};

const RULES: Readonly<Record<string, (object: unknown) => Health>> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  'batch/Job': job,
  '/Pod': pod,
  '/PersistentVolumeClaim': claim,
  'apiextensions.k8s.io/CustomResourceDefinition': definition,
};

const at = (object: unknown, path: readonly string[]): unknown => path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), object);

const text = (object: unknown, ...path: readonly string[]): string => {
  const value = at(object, path);
  return typeof value === 'string' ? value : '';
};

const number = (object: unknown, ...path: readonly string[]): number | undefined => {
  const value = at(object, path);
  return typeof value === 'number' ? value : undefined;
};

const counter =
  (object: unknown) =>
  (field: string): number =>
    number(object, 'status', field) ?? 0;

const condition = (object: unknown, type: string): { readonly status: string; readonly reason: string; readonly message: string } | undefined => {
  const all = at(object, ['status', 'conditions']);
  const found = Array.isArray(all) ? all.find((one: unknown) => text(one, 'type') === type) : undefined;
  return found === undefined ? undefined : { status: text(found, 'status'), reason: text(found, 'reason'), message: text(found, 'message') };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
