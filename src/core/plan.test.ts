import { describe, expect, it } from 'vitest';
import { duplicateObjection, kindKey, objectsToPrune, planObjects, recordsToWait, type ManifestObject, type PlannedObject } from './plan.ts';

const JSON_BYTES = new Uint8Array([123, 125]);

const manifestObject = (object: Partial<ManifestObject> = {}): ManifestObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: '',
  name: 'web',
  source: 'app/templates/web.yaml',
  resourcePolicy: '',
  json: JSON_BYTES,
  ...object,
});

const planned = (name: string, more: { readonly apiVersion?: string; readonly kind?: string; readonly source?: string; readonly isKept?: boolean } = {}): PlannedObject => {
  const { apiVersion = 'v1', kind = 'ConfigMap', source = `app/templates/${name}.yaml`, isKept = false } = more;
  return { ref: { apiVersion, kind, namespace: 'default', name }, source, isKept, digest: 'd', json: JSON_BYTES };
};

describe('planObjects', () => {
  const scopes = new Map<string, 'Namespaced' | 'Cluster'>([
    [kindKey({ apiVersion: 'apps/v1', kind: 'Deployment' }), 'Namespaced'],
    [kindKey({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' }), 'Cluster'],
  ]);
  const clusterRole = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };

  it.each<readonly [string, Partial<ManifestObject>, string]>([
    ['gives the namespace of the release to an object that names none', {}, 'prod'],
    ['leaves an object in the namespace that it names', { namespace: 'other' }, 'other'],
    ['gives no namespace to a kind of cluster scope', clusterRole, ''],
    ['takes the namespace from a kind of cluster scope that names one', { ...clusterRole, namespace: 'other' }, ''],
  ])('%s', (_name, object, namespace) => {
    expect(planObjects([manifestObject(object)], scopes, 'prod').map(({ ref }) => ref.namespace)).toEqual([namespace]);
  });

  it.each([
    ['keep', true],
    [' Keep ', true],
    ['', false],
    ['delete', false],
    ['keeper', false],
  ])('reads the resource policy %j as Helm does', (resourcePolicy, isKept) => {
    expect(planObjects([manifestObject({ resourcePolicy })], scopes, 'prod')).toMatchObject([{ isKept }]);
  });

  it('keeps order, template and bytes', () => {
    const plans = planObjects([manifestObject({ name: 'b' }), manifestObject({ name: 'a' })], scopes, 'prod');
    expect(plans.map(({ ref }) => ref.name)).toEqual(['b', 'a']);
    expect(plans[0]).toMatchObject({ source: 'app/templates/web.yaml' });
    expect(plans[0]?.json).toBe(JSON_BYTES);
  });

  it('gives the same digest to the same bytes, and another one to others', () => {
    const [one, same, other] = planObjects(
      [manifestObject({ name: 'a' }), manifestObject({ name: 'b', json: Uint8Array.from(JSON_BYTES) }), manifestObject({ json: new Uint8Array([123, 32, 125]) })],
      scopes,
      'prod',
    );
    expect(same?.digest).toBe(one?.digest);
    expect(other?.digest).not.toBe(one?.digest);
  });
});

describe('duplicateObjection', () => {
  it.each<readonly [string, readonly PlannedObject[]]>([
    ['nothing at all', []],
    ['two names', [planned('a'), planned('b')]],
    ['one name in two kinds', [planned('a'), planned('a', { kind: 'Secret' })]],
    ['one name in two groups', [planned('a', { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }), planned('a', { apiVersion: 'other.dev/v1', kind: 'Ingress' })]],
  ])('has nothing against %s', (_name, objects) => {
    expect(duplicateObjection(objects)).toBeUndefined();
  });

  it('names the object and both templates', () => {
    expect(duplicateObjection([planned('a', { source: 'one.yaml' }), planned('b'), planned('a', { source: 'two.yaml' })])).toBe(
      'ConfigMap default/a is in the chart twice: one.yaml and two.yaml',
    );
  });

  it('takes two versions of a kind for the same object', () => {
    const objects = [
      planned('a', { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' }),
      planned('a', { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }),
    ];
    expect(duplicateObjection(objects)).toContain('is in the chart twice');
  });
});

describe('objectsToPrune', () => {
  it.each<readonly [string, readonly PlannedObject[], readonly PlannedObject[], readonly string[]]>([
    ['takes nothing on a first install', [], [planned('a')], []],
    ['takes nothing that is still wanted', [planned('a')], [planned('a')], []],
    ['takes what the chart dropped', [planned('a'), planned('b')], [planned('b')], ['a']],
    ['takes everything when the chart became empty', [planned('a'), planned('b')], [], ['a', 'b']],
    ['takes an object once that several revisions had', [planned('a'), planned('a')], [], ['a']],
    ['leaves an object that moved to another version of its kind', [planned('a', { apiVersion: 'apps/v1beta1' })], [planned('a', { apiVersion: 'apps/v1' })], []],
    ['takes an object whose name went to another kind', [planned('a')], [planned('a', { kind: 'Secret' })], ['a']],
    ['says what is to be kept', [planned('a', { isKept: true })], [], ['a is kept']],
    ['says what an unfinished revision began to keep', [planned('a'), planned('a', { isKept: true })], [], ['a is kept']],
    ['says what an unfinished revision wanted to keep no more', [planned('a', { isKept: true }), planned('a')], [], ['a is kept']],
    ['says nothing of what is to be kept and still wanted', [planned('a', { isKept: true })], [planned('a')], []],
  ])('%s', (_name, earlier, wanted, names) => {
    expect(
      objectsToPrune(
        earlier,
        wanted.map(({ ref }) => ref),
      ).map(({ ref, isKept }) => `${ref.name}${isKept ? ' is kept' : ''}`),
    ).toEqual(names);
  });
});

describe('recordsToWait', () => {
  const held = (record: number, ...objects: readonly PlannedObject[]) => ({ record, objects });
  it.each<readonly [string, readonly ReturnType<typeof held>[], readonly ReturnType<typeof held>[], readonly PlannedObject[], readonly number[]]>([
    ['lets go what nobody wants', [held(1, planned('a'))], [held(2)], [planned('b')], []],
    ['lets go what one that stays has too', [held(1, planned('a'))], [held(2, planned('a'))], [planned('a')], []],
    ['keeps what alone knows of an object that is wanted', [held(1, planned('a')), held(2, planned('b'))], [held(3)], [planned('a')], [1]],
    ['keeps all that know of it', [held(1, planned('a')), held(2, planned('a'))], [], [planned('a')], [1, 2]],
    ['takes two versions of a kind for the same object', [held(1, planned('a', { apiVersion: 'apps/v1beta1' }))], [], [planned('a', { apiVersion: 'apps/v1' })], [1]],
  ])('%s', (_name, leaving, staying, wanted, records) => {
    expect(
      recordsToWait(
        leaving,
        staying,
        wanted.map(({ ref }) => ref),
      ),
    ).toEqual(records);
  });
});
