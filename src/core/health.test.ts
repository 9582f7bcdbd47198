import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healthOf, isReadyOnceThere, type Health } from './health.ts';

type Fields = Readonly<Record<string, unknown>>;
type Case = readonly [name: string, object: Fields, status: Health['status'], message: string];

const runTable = (cases: readonly Case[]): void => {
  it.each(cases)('%s', (_name, object, status, message) => {
    expect(healthOf(object)).toMatchObject({ status, message });
  });
};

const condition = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message });

describe('health of a Pod', () => {
  const pod = (status: Fields) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, status });
  runTable([
    ['waits before anybody has seen it', pod({}), 'InProgress', 'is pending'],
    ['waits while it is pending', pod({ phase: 'Pending' }), 'InProgress', 'is pending'],
    ['waits while it runs and is not ready', pod({ phase: 'Running', conditions: [condition('Ready', 'False')] }), 'InProgress', 'runs and is not ready'],
    ['is current when it is ready', pod({ phase: 'Running', conditions: [condition('Ready', 'True')] }), 'Current', 'is ready'],
    ['is current when it has completed', pod({ phase: 'Succeeded', conditions: [condition('Ready', 'False', 'PodCompleted')] }), 'Current', 'has completed'],
    [
      'waits while it runs as a hook, ready or not',
      { ...pod({ phase: 'Running', conditions: [condition('Ready', 'True')] }), metadata: { name: 'web', annotations: { 'tagalong.dev/hook-run': 'x' } } },
      'InProgress',
      'has not completed',
    ],
    ['has failed when a container of it did for good', pod({ phase: 'Failed' }), 'Failed', 'has failed'],
  ]);
});

describe('health of a PersistentVolumeClaim', () => {
  const claim = (status: Fields) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'files' }, status });
  runTable([
    ['waits while it is pending', claim({ phase: 'Pending' }), 'InProgress', 'is not bound'],
    ['is current when it is bound', claim({ phase: 'Bound' }), 'Current', 'is bound'],
    ['waits when its volume is lost', claim({ phase: 'Lost' }), 'InProgress', 'is not bound'],
  ]);
});

describe('health of a CustomResourceDefinition', () => {
  const definition = (...conditions: readonly Fields[]) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.dev', generation: 1 },
    status: { conditions },
  });
  runTable([
    ['waits until it is established', definition(condition('NamesAccepted', 'True'), condition('Established', 'False', 'Installing')), 'InProgress', 'is not established'],
    ['is current when it is established', definition(condition('NamesAccepted', 'True'), condition('Established', 'True')), 'Current', 'is established'],
    [
      'has failed when another one has its names',
      definition(condition('NamesAccepted', 'False', 'PluralConflict', '"widgets" is already in use')),
      'Failed',
      '"widgets" is already in use',
    ],
  ]);
});

describe('health of any other kind', () => {
  const custom = (status: Fields | undefined, metadata: Fields = {}) => ({
    apiVersion: 'example.dev/v1',
    kind: 'Database',
    metadata: { name: 'main', namespace: 'prod', generation: 3, ...metadata },
    ...(status !== undefined && { status }),
  });
  const conditions = (...all: readonly Fields[]) => custom({ observedGeneration: 3, conditions: all });
  runTable([
    ['is current without a status', custom(undefined), 'Current', 'is ready'],
    ['is current without conditions', custom({ phase: 'Creating' }), 'Current', 'is ready'],
    ['is current when Ready is True', conditions(condition('Ready', 'True')), 'Current', 'is ready'],
    ['waits while Ready is False, with its message', conditions(condition('Ready', 'False', 'Starting', 'replica 0 is starting')), 'InProgress', 'replica 0 is starting'],
    ['waits while Ready is Unknown', conditions(condition('Ready', 'Unknown')), 'InProgress', 'is not ready'],
    ['waits while Reconciling is True, whatever Ready says', conditions(condition('Ready', 'True'), condition('Reconciling', 'True', 'Progressing')), 'InProgress', 'Progressing'],
    ['has failed when Stalled is True', conditions(condition('Ready', 'False'), condition('Stalled', 'True', 'BadSpec', 'no such class')), 'Failed', 'no such class'],
    ['does not mind conditions that are abnormal and False', conditions(condition('Stalled', 'False'), condition('Reconciling', 'False')), 'Current', 'is ready'],
    [
      'waits until its controller has seen the change',
      custom({ observedGeneration: 2, conditions: [condition('Ready', 'True')] }),
      'InProgress',
      'its controller has not seen the change yet',
    ],
    [
      'waits when its status is of an object that was there before it',
      custom({ observedGeneration: 7, conditions: [condition('Ready', 'True')] }),
      'InProgress',
      'its controller has not seen the change yet',
    ],
    [
      'is terminating when it is being deleted, however ready',
      custom({ conditions: [condition('Ready', 'True')] }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'Terminating',
      'is being deleted',
    ],
  ]);

  it('judges a Deployment of a group that is not apps by its conditions', () => {
    expect(healthOf({ apiVersion: 'example.dev/v1', kind: 'Deployment' }).status).toBe('Current');
  });
});

describe('isReadyOnceThere', () => {
  it.each([
    ['v1', 'Service', true],
    ['v1', 'ConfigMap', true],
    ['networking.k8s.io/v1', 'Ingress', true],
    ['networking.k8s.io/v1beta1', 'Ingress', true],
    ['batch/v1', 'CronJob', true],
    ['v1', 'Pod', false],
    ['v1', 'PersistentVolumeClaim', false],
    ['apps/v1', 'Deployment', false],
    ['batch/v1', 'Job', false],
    ['serving.knative.dev/v1', 'Service', false],
    ['constructor/v1', 'Service', false],
    ['v1', 'constructor', false],
  ])('of %s %s is %s', (apiVersion, kind, expected) => {
    expect(isReadyOnceThere({ apiVersion, kind })).toBe(expected);
  });

  it('makes such an object current whatever its status says', () => {
    expect(healthOf({ apiVersion: 'v1', kind: 'Service', status: { loadBalancer: {}, conditions: [condition('Ready', 'False')] } })).toEqual({
      status: 'Current',
      message: 'exists',
    });
  });
});

describe('healthOf', () => {
  const kinds = fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'Pod', 'PersistentVolumeClaim', 'CustomResourceDefinition', 'Widget');
  const groups = fc.constantFrom('apps/v1', 'batch/v1', 'v1', 'apiextensions.k8s.io/v1', 'constructor/v1', '__proto__/v1');
  const isHealth = ({ status, message }: Health) => ['Current', 'InProgress', 'Failed', 'Terminating'].includes(status) && message !== '';

  it.each<readonly [string, unknown]>([
    ['null', null],
    ['nothing', undefined],
    ['a text', 'Deployment'],
    ['a list', [{ kind: 'Pod' }]],
    ['texts where maps belong', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: 'm', spec: 's', status: 'x' }],
    ['conditions that are a map', { apiVersion: 'batch/v1', kind: 'Job', status: { conditions: { type: 'Complete' } } }],
    ['conditions that are null', { apiVersion: 'batch/v1', kind: 'Job', status: { conditions: [null, 'Complete', 7] } }],
  ])('says something of %s', (_name, object) => {
    expect(healthOf(object)).toSatisfy(isHealth);
  });

  it('says something of anything', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (object) => {
        expect(healthOf(object)).toSatisfy(isHealth);
      }),
    );
  });

  it('says something of every kind with anything in it', () => {
    const conditions = fc.array(
      fc.oneof(
        fc.anything(),
        fc.record({ type: fc.constantFrom('Ready', 'Progressing', 'Stalled', 'Failed'), status: fc.anything(), reason: fc.anything(), message: fc.anything() }),
      ),
    );
    const status = fc.oneof(fc.anything(), fc.record({ observedGeneration: fc.anything(), phase: fc.anything(), replicas: fc.anything(), conditions }));
    const objects = fc.record({ apiVersion: groups, kind: kinds, metadata: fc.anything(), spec: fc.anything(), status });
    fc.assert(
      fc.property(objects, (object) => {
        expect(healthOf(object)).toSatisfy(isHealth);
      }),
    );
  });
});
