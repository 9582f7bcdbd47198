import { describe, expect, it } from 'vitest';
import { adviceOnRefusal, isOnlyAnew, objectionToAnew } from './anew.ts';
import type { ObjectRef } from './object-ref.ts';

const ref = (kind: string, apiVersion = 'v1'): ObjectRef => ({ apiVersion, kind, namespace: 'default', name: 'a' });

describe('isOnlyAnew', () => {
  it.each([
    ['the selector of a Deployment', 'spec.selector: Invalid value: field is immutable'],
    ['the template of a Job', 'spec.template: Invalid value: field is immutable'],
    ['a ConfigMap that is immutable', 'data: Forbidden: field is immutable when `immutable` is set'],
    ['the address of a Service', 'spec.clusterIPs[0]: Invalid value: ["10.0.0.9"]: may not change once set'],
    ['the role of a RoleBinding', 'roleRef: Invalid value: cannot change roleRef'],
    [
      'the service of a StatefulSet',
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
    ['the parameters of a StorageClass', 'parameters: Forbidden: updates to parameters are forbidden.'],
    ['the provisioner of a StorageClass', 'provisioner: Forbidden: updates to provisioner are forbidden.'],
    ['the value of a PriorityClass', 'value: Forbidden: may not be changed in an update.'],
    ['a running Pod', 'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`'],
    ['a rule of a custom resource', 'spec.size: Invalid value: Value is immutable'],
  ])('sees that %s cannot change', (_name, message) => {
    expect(isOnlyAnew(`cannot apply Thing default/a: the API server refuses it: ${message}`)).toBe(true);
  });

  it.each([
    'spec.template.spec.containers[0].name: Required value',
    'metadata.name: Invalid value: must be no more than 63 characters',
    'spec.replicas: Invalid value: must be greater than or equal to 0',
  ])('takes %j for what it is', (message) => {
    expect(isOnlyAnew(message)).toBe(false);
  });
});

describe('adviceOnRefusal', () => {
  it.each([
    ['names spec.force where that helps', 'field is immutable', ref('Deployment', 'apps/v1'), '; spec.force: true has it deleted and made anew, or rename the object in the chart'],
    ['does not where data would go', 'spec is immutable', ref('PersistentVolumeClaim'), '; rename the object in the chart, or bring its data away and delete it by hand'],
    ['has nothing to say of other refusals', 'Required value', ref('Deployment', 'apps/v1'), ''],
  ])('%s', (_name, message, object, advice) => {
    expect(adviceOnRefusal(message, object)).toBe(advice);
  });
});

describe('objectionToAnew', () => {
  const spec = (whenDeleted: string) => ({ persistentVolumeClaimRetentionPolicy: { whenDeleted } });
  it.each<readonly [string, ObjectRef, { readonly isKept?: boolean; readonly spec?: unknown }, RegExp | undefined]>([
    ['a Deployment', ref('Deployment', 'apps/v1'), {}, undefined],
    ['a Job', ref('Job', 'batch/v1'), {}, undefined],
    ['a custom resource', ref('Widget', 'example.com/v1'), {}, undefined],
    ['a kind of another group that is called like one with data', ref('Namespace', 'example.com/v1'), {}, undefined],
    ['a claim of storage', ref('PersistentVolumeClaim'), {}, /^PersistentVolumeClaim default\/a is not deleted .* data would go with it/],
    ['a volume', ref('PersistentVolume'), {}, /data would go with it/],
    ['a Namespace', ref('Namespace'), {}, /data would go with it/],
    ['a CustomResourceDefinition', ref('CustomResourceDefinition', 'apiextensions.k8s.io/v1'), {}, /data would go with it/],
    ['what is to be kept', ref('Deployment', 'apps/v1'), { isKept: true }, /resource-policy keeps it/],
    ['a StatefulSet that leaves its volumes', ref('StatefulSet', 'apps/v1'), { spec: spec('Retain') }, undefined],
    ['a StatefulSet that says nothing of its volumes', ref('StatefulSet', 'apps/v1'), { spec: {} }, undefined],
    ['a StatefulSet that takes its volumes along', ref('StatefulSet', 'apps/v1'), { spec: spec('Delete') }, /set whenDeleted to Retain first/],
  ])('about %s', (_name, object, { isKept = false, spec: own }, objection) => {
    const answer = objectionToAnew({ ref: object, isKept, spec: own });
    if (objection === undefined) expect(answer).toBeUndefined();
    else expect(answer).toMatch(objection);
  });
});
