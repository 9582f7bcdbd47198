import { describe, expect, it } from 'vitest';
import { healthOf, type Health } from './health.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An object as the API server serves it: generation 2, observed unless the status says otherwise. */
const workload = (apiVersion: string, kind: string, spec: Fields, status: Fields | undefined) => ({
  apiVersion,
  kind,
  metadata: { name: 'web', namespace: 'prod', generation: 2 },
  spec,
  ...(status !== undefined && { status: { observedGeneration: 2, ...status } }),
});

type Case = readonly [name: string, object: Fields, status: Health['status'], message: string];

const runTable = (cases: readonly Case[]): void => {
  it.each(cases)('%s', (_name, object, status, message) => {
    expect(healthOf(object)).toMatchObject({ status, message });
  });
};

describe('health of a Deployment', () => {
  const deployment = (status: Fields | undefined, spec: Fields = {}) => workload('apps/v1', 'Deployment', { replicas: 3, progressDeadlineSeconds: 600, ...spec }, status);
  const done = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
  const refused = (message: string) => ({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message });
  const progressing = (reason: string, message = '') => ({
    conditions: [{ type: 'Progressing', status: reason === 'ProgressDeadlineExceeded' ? 'False' : 'True', reason, message }],
  });
  runTable([
    ['waits for the controller after it was made', deployment(undefined), 'InProgress', 'its controller has not seen it yet'],
    ['waits for the controller to see a change', deployment({ observedGeneration: 1, ...done }), 'InProgress', 'its controller has not seen the change yet'],
    ['waits for new replicas', deployment({ replicas: 4, updatedReplicas: 1, readyReplicas: 3, availableReplicas: 3 }), 'InProgress', '1 of 3 replicas updated'],
    ['waits for old replicas to go', deployment({ ...done, replicas: 4 }), 'InProgress', '1 old replicas still there'],
    ['waits for the new replicas to be available', deployment({ ...done, availableReplicas: 2 }), 'InProgress', '2 of 3 replicas available'],
    ['is current when all replicas are new and available', deployment({ ...done, ...progressing('NewReplicaSetAvailable') }), 'Current', '3 of 3 replicas available'],
    ['waits for replicas that are too many after it was scaled down', deployment(done, { replicas: 2 }), 'InProgress', '1 replicas too many'],
    ['is current with no replicas when none are wanted', deployment({}, { replicas: 0 }), 'Current', '0 of 0 replicas available'],
    ['wants one replica where it does not say how many', deployment({ replicas: 1, updatedReplicas: 1 }, { replicas: undefined }), 'InProgress', '0 of 1 replicas available'],
    [
      'has failed when its progress deadline was exceeded',
      deployment({ ...done, ...progressing('ProgressDeadlineExceeded', 'ReplicaSet "web-5d4" has timed out progressing.') }),
      'Failed',
      'ReplicaSet "web-5d4" has timed out progressing',
    ],
    ['says why it failed also where its controller does not', deployment(progressing('ProgressDeadlineExceeded')), 'Failed', 'made no progress in time'],
    [
      'has not failed yet on a change that its controller has not seen',
      deployment({ observedGeneration: 1, ...progressing('ProgressDeadlineExceeded') }),
      'InProgress',
      'its controller has not seen the change yet',
    ],
    [
      'says why its pods cannot be made, without the name that was made up for one',
      deployment({ conditions: [refused('pods "web-5d4-x7k2p" is forbidden: exceeded quota: small, used: pods=2')] }),
      'InProgress',
      'exceeded quota: small, used: pods=2',
    ],
    ['does not mind that pods could not be made once they are there', deployment({ ...done, conditions: [refused('exceeded quota')] }), 'Current', '3 of 3 replicas available'],
    [
      'says both where that has lasted too long',
      deployment({ conditions: [refused('exceeded quota: small'), ...progressing('ProgressDeadlineExceeded', 'timed out progressing.').conditions] }),
      'Failed',
      'timed out progressing; exceeded quota: small',
    ],
    ['is not waited for while it is paused', deployment({ ...done, updatedReplicas: 0 }, { paused: true }), 'Current', 'is paused'],
  ]);
});

describe('health of a StatefulSet', () => {
  const statefulSet = (status: Fields | undefined, spec: Fields = {}) =>
    workload('apps/v1', 'StatefulSet', { replicas: 3, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }, ...spec }, status);
  const done = { replicas: 3, readyReplicas: 3, currentReplicas: 3, updatedReplicas: 3, currentRevision: 'db-2', updateRevision: 'db-2' };
  const partitioned = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } };
  const canary = { ...done, currentReplicas: 2, updatedReplicas: 1, currentRevision: 'db-1' };
  runTable([
    ['waits for the controller after it was made', statefulSet(undefined), 'InProgress', 'its controller has not seen it yet'],
    ['waits for replicas to be ready', statefulSet({ ...done, readyReplicas: 1 }), 'InProgress', '1 of 3 replicas ready'],
    ['waits for replicas to be updated', statefulSet({ ...done, updatedReplicas: 2, currentRevision: 'db-1' }), 'InProgress', '2 of 3 replicas updated'],
    ['waits for the new revision to become the current one', statefulSet({ ...done, currentRevision: 'db-1' }), 'InProgress', 'its update is not complete'],
    ['waits for replicas that are too many', statefulSet({ ...done, replicas: 4 }), 'InProgress', '1 replicas too many'],
    ['is current when all replicas are new and ready', statefulSet(done), 'Current', '3 of 3 replicas ready'],
    ['is current when the replicas beyond its partition are new', statefulSet(canary, partitioned), 'Current', '3 of 3 replicas ready'],
    ['waits for the replicas beyond its partition', statefulSet({ ...canary, updatedReplicas: 0 }, partitioned), 'InProgress', '0 of 1 replicas updated'],
    [
      'waits for no update with a partition beyond its replicas',
      statefulSet({ ...canary, updatedReplicas: 0 }, { updateStrategy: { rollingUpdate: { partition: 5 } } }),
      'Current',
      '3 of 3 replicas ready',
    ],
    ['is current with OnDelete, whatever runs', statefulSet({ ...canary, updatedReplicas: 0 }, { updateStrategy: { type: 'OnDelete' } }), 'Current', 'is updated on delete'],
    ['is current with no replicas when none are wanted', statefulSet({ currentRevision: 'db-2', updateRevision: 'db-2' }, { replicas: 0 }), 'Current', '0 of 0 replicas ready'],
  ]);
});

describe('health of a DaemonSet', () => {
  const daemonSet = (status: Fields | undefined, spec: Fields = {}) => workload('apps/v1', 'DaemonSet', { updateStrategy: { type: 'RollingUpdate' }, ...spec }, status);
  const done = { desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2, numberAvailable: 2 };
  runTable([
    ['waits for the controller after it was made', daemonSet(undefined), 'InProgress', 'its controller has not seen it yet'],
    ['waits for its pods to be updated', daemonSet({ ...done, updatedNumberScheduled: 1 }), 'InProgress', '1 of 2 pods updated'],
    ['waits for its pods to be available', daemonSet({ ...done, numberAvailable: 0 }), 'InProgress', '0 of 2 pods available'],
    ['is current when all pods are new and available', daemonSet(done), 'Current', '2 of 2 pods available'],
    ['is current where no node wants it', daemonSet({ desiredNumberScheduled: 0 }), 'Current', '0 of 0 pods available'],
    ['waits for no update with OnDelete', daemonSet({ ...done, updatedNumberScheduled: 0 }, { updateStrategy: { type: 'OnDelete' } }), 'Current', '2 of 2 pods available'],
    ['waits for available pods also with OnDelete', daemonSet({ ...done, numberAvailable: 1 }, { updateStrategy: { type: 'OnDelete' } }), 'InProgress', '1 of 2 pods available'],
  ]);
});

describe('health of a ReplicaSet', () => {
  const replicaSet = (status: Fields) => workload('apps/v1', 'ReplicaSet', { replicas: 2 }, status);
  const quota = { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'pods "web-x" is forbidden: exceeded quota' }] };
  runTable([
    ['waits for replicas', replicaSet({ replicas: 2, availableReplicas: 1 }), 'InProgress', '1 of 2 replicas available'],
    ['waits for replicas that are too many', replicaSet({ replicas: 3, availableReplicas: 3 }), 'InProgress', '1 replicas too many'],
    ['says why its pods cannot be made', replicaSet(quota), 'InProgress', 'exceeded quota'],
    ['is current when its replicas are available', replicaSet({ replicas: 2, availableReplicas: 2 }), 'Current', '2 of 2 replicas available'],
  ]);
});

describe('health of a Job', () => {
  const job = (status: Fields) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate', generation: 1 }, spec: { backoffLimit: 6 }, status });
  runTable([
    ['waits before it has started', job({}), 'InProgress', 'is not complete'],
    ['waits while it runs', job({ active: 1, startTime: '2026-01-01T00:00:00Z' }), 'InProgress', 'is not complete'],
    ['waits while its success is being recorded', job({ succeeded: 1, conditions: [{ type: 'SuccessCriteriaMet', status: 'True' }] }), 'InProgress', 'is not complete'],
    ['is current when it is complete', job({ succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] }), 'Current', 'is complete'],
    [
      'has failed when it gave up',
      job({ failed: 7, conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }] }),
      'Failed',
      'BackoffLimitExceeded: Job has reached the specified backoff limit',
    ],
    ['has failed also without a message', job({ conditions: [{ type: 'Failed', status: 'True' }] }), 'Failed', 'failed'],
  ]);
});
