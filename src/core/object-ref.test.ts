import { describe, expect, it } from 'vitest';
import { groupOf, keyOf, printRef, refKey, type ObjectRef } from './object-ref.ts';

const web: ObjectRef = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'web' };

describe('groupOf', () => {
  it.each([
    ['apps/v1', 'apps'],
    ['networking.k8s.io/v1', 'networking.k8s.io'],
    ['v1', ''],
    ['', ''],
  ])('of %j is %j', (apiVersion, group) => {
    expect(groupOf(apiVersion)).toBe(group);
  });
});

describe('refKey', () => {
  it('is the same for two versions of a kind', () => {
    expect(refKey({ ...web, apiVersion: 'apps/v1beta1' })).toBe(refKey(web));
  });

  it.each<readonly [string, Partial<ObjectRef>]>([
    ['group', { apiVersion: 'example.dev/v1' }],
    ['group, of which there is none', { apiVersion: 'v1' }],
    ['kind', { kind: 'StatefulSet' }],
    ['namespace', { namespace: 'test' }],
    ['namespace, of which there is none', { namespace: '' }],
    ['name', { name: 'api' }],
  ])('differs with the %s', (_name, change) => {
    expect(refKey({ ...web, ...change })).not.toBe(refKey(web));
  });
});

describe('names for people', () => {
  it('have the namespace where there is one', () => {
    expect(printRef(web)).toBe('Deployment prod/web');
    expect(printRef({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', namespace: '', name: 'view' })).toBe('ClusterRole view');
  });

  it('make the key of a ChartRelease', () => {
    expect(keyOf(web)).toBe('prod/web');
  });
});
