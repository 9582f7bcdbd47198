import { describe, expect, it } from 'vitest';
import { readWorkload, selectorOf, sortOf } from './workload.ts';

type Fields = Readonly<Record<string, unknown>>;

const workload = (kind: string, more: Fields = {}, spec: Fields = { selector: { matchLabels: { app: 'web' } } }) => ({
  kind,
  metadata: { name: 'web', uid: 'uid-web' },
  spec,
  ...more,
});

describe('sortOf', () => {
  it.each([
    ['v1', 'Pod', 'Pod'],
    ['v1', 'PersistentVolumeClaim', 'Claim'],
    ['apps/v1', 'Deployment', 'Workload'],
    ['batch/v1', 'Job', 'Workload'],
    ['example.dev/v1', 'Deployment', undefined],
    ['v1', 'ConfigMap', undefined],
  ])('of %s %s is %s', (apiVersion, kind, sort) => {
    expect(sortOf({ apiVersion, kind })).toBe(sort);
  });
});

describe('selectorOf', () => {
  it.each<readonly [string, Fields, string]>([
    ['labels', { matchLabels: { app: 'web', tier: 'front' } }, 'app=web,tier=front'],
    [
      'expressions',
      {
        matchLabels: { app: 'web' },
        matchExpressions: [
          { key: 'tier', operator: 'In', values: ['a', 'b'] },
          { key: 'zone', operator: 'NotIn', values: ['c'] },
          { key: 'x', operator: 'Exists' },
          { key: 'y', operator: 'DoesNotExist' },
        ],
      },
      'app=web,tier in (a,b),zone notin (c),x,!y',
    ],
    ['nothing', {}, ''],
  ])('has %s', (_, selector, text) => {
    expect(selectorOf({ spec: { selector } })).toBe(text);
  });
});

describe('readWorkload', () => {
  const REVISION = 'deployment.kubernetes.io/revision';
  const replicaSet = (revision: string, hash: string, owner = 'uid-web') => ({
    metadata: { uid: `uid-${hash}`, annotations: { [REVISION]: revision }, labels: { 'pod-template-hash': hash }, ownerReferences: [{ uid: owner }] },
  });
  const deployment = { ...workload('Deployment'), metadata: { name: 'web', uid: 'uid-web', annotations: { [REVISION]: '2' } } };

  it('takes the pods of the newest ReplicaSet of a Deployment, and no other owner’s', () => {
    const all = [replicaSet('1', 'old'), replicaSet('2', 'foreign', 'uid-other'), replicaSet('2', 'new')];
    expect(readWorkload(deployment, all)).toEqual({ selector: 'app=web,pod-template-hash=new', maker: 'uid-new', newest: { kind: 'All' } });
  });

  it.each([
    ['a Deployment whose ReplicaSet is not there yet', deployment, [replicaSet('1', 'old')]],
    ['what selects nothing', workload('Job', {}, {}), []],
    ['another kind', workload('ReplicationController'), []],
    ['nothing', undefined, []],
  ])('is undefined for %s', (_, object, sets) => {
    expect(readWorkload(object, sets)).toBeUndefined();
  });

  it.each<readonly [string, Fields, unknown]>([
    ['StatefulSet', { status: { updateRevision: 'web-2' } }, { kind: 'Revision', revision: 'web-2' }],
    ['DaemonSet', {}, { kind: 'Youngest' }],
    ['ReplicaSet', {}, { kind: 'All' }],
    ['Job', {}, { kind: 'All' }],
  ])('takes the pods of a %s', (kind, more, newest) => {
    expect(readWorkload(workload(kind, more), [])).toEqual({ selector: 'app=web', maker: 'uid-web', newest });
  });
});
