import { describe, expect, it } from 'vitest';
import type { Health } from './health.ts';
import type { ObjectRef } from './object-ref.ts';
import { judge, objectsToWaitFor, type AppliedObject, type Sighting, completedJobs, unseen } from './readiness.ts';

const applied = (kind: string, name = 'web', apiVersion = 'apps/v1'): AppliedObject => ({
  ref: { apiVersion, kind, namespace: 'prod', name },
  uid: `uid-${name}`,
  resourceVersion: '100',
  ownFields: 'f',
  change: 'Configured',
});

describe('objectsToWaitFor', () => {
  const objects = [
    applied('ConfigMap', 'settings', 'v1'),
    applied('Deployment'),
    applied('Job', 'migrate', 'batch/v1'),
    applied('Job', 'train', 'batch.volcano.sh/v1alpha1'),
    applied('Database', 'main', 'example.dev/v1'),
  ];

  it.each([
    ['leaves out kinds that are ready once they exist', true, ['web', 'migrate', 'train', 'main']],
    ['leaves out Jobs where nobody wants to wait for them, and only those of batch', false, ['web', 'train', 'main']],
  ])('%s', (_name, waitForJobs, names) => {
    expect(objectsToWaitFor(objects, { waitForJobs }).map(({ ref }) => ref.name)).toEqual(names);
  });
});

describe('judge', () => {
  const seen = (status: Health['status'], message: string, resourceVersion = '100'): Sighting => ({ uid: 'u', resourceVersion, health: { status, message } });
  const current = seen('Current', 'is ready');
  const slow = seen('InProgress', '1 of 3 replicas available');
  const broken = seen('Failed', 'made no progress in time');

  it.each<readonly [string, readonly (Sighting | undefined)[], { readonly kind: string; readonly message?: string; readonly isUnseen?: boolean }]>([
    ['is Ready with no objects', [], { kind: 'Ready' }],
    ['is Ready when every object is current', [current, current], { kind: 'Ready' }],
    ['waits for an object in progress and says for what', [current, slow], { kind: 'Waiting', message: 'Deployment prod/1: 1 of 3 replicas available' }],
    ['names the first of several', [slow, seen('InProgress', 'is pending')], { kind: 'Waiting', message: 'Deployment prod/0: 1 of 3 replicas available' }],
    ['waits for an object that is being deleted', [seen('Terminating', 'is being deleted')], { kind: 'Waiting', message: 'Deployment prod/0: is being deleted' }],
    ['waits for an object that no watch has seen', [undefined], { kind: 'Waiting', message: 'Deployment prod/0: not seen by the watch yet', isUnseen: true }],
    ['has failed when one object has, whatever comes before it', [slow, broken], { kind: 'Failed', message: 'Deployment prod/1: made no progress in time' }],
    [
      'does not trust a sighting from before the apply',
      [seen('Current', 'is ready', '99')],
      { kind: 'Waiting', message: 'Deployment prod/0: not seen by the watch yet', isUnseen: true },
    ],
    [
      'does not fail on a sighting from before the apply',
      [seen('Failed', 'old trouble', '99')],
      { kind: 'Waiting', message: 'Deployment prod/0: not seen by the watch yet', isUnseen: true },
    ],
    ['trusts a sighting from after the apply', [seen('Current', 'is ready', '1000')], { kind: 'Ready' }],
  ])('%s', (_name, sightings, verdict) => {
    const objects = sightings.map((_, index) => applied('Deployment', String(index)));
    const sightingOf = (ref: ObjectRef) => sightings[Number(ref.name)];
    expect(judge(objects, sightingOf)).toMatchObject(verdict);
  });

  it('does not say that nothing was seen where one object was', () => {
    const objects = ['0', '1'].map((name) => applied('Deployment', name));
    expect(judge(objects, ({ name }) => (name === '1' ? slow : undefined))).not.toHaveProperty('isUnseen');
  });

  const told: Sighting = { ...slow, health: { ...slow.health, isTold: true } };
  it.each<readonly [string, readonly (Sighting | undefined)[], readonly string[]]>([
    ['every object that is not ready', [current, slow, slow], ['1', '2']],
    ['not those whose own words are all there is', [slow, told, undefined, slow], ['0', '3']],
    ['nobody where the one that is named has said it itself', [told, slow], []],
    ['nobody where the one that is named was not seen yet', [undefined, slow], []],
    ['the one that has failed', [slow, broken], ['1']],
  ])('tells who lags behind: %s', (_name, sightings, names) => {
    const objects = sightings.map((_, index) => applied('Deployment', String(index)));
    const verdict = judge(objects, (ref) => sightings[Number(ref.name)]);
    expect(verdict.kind === 'Ready' ? [] : verdict.laggards.map(({ ref }) => ref.name)).toEqual(names);
  });
});

describe('what has gone and what is done', () => {
  const ref = (kind: string, name: string) => ({ apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, namespace: 'prod', name });
  const applied = (kind: string, name: string): AppliedObject => ({ ref: ref(kind, name), uid: `uid-${name}`, resourceVersion: '100', ownFields: 'f', change: 'Configured' });
  const current = (uid: string, resourceVersion = '101'): Sighting => ({ uid, resourceVersion, health: { status: 'Current', message: 'is fine' } });
  const [web, migrate] = [applied('Deployment', 'web'), applied('Job', 'migrate')];
  const seenBy = (sightings: Readonly<Record<string, Sighting>>) => (of: { readonly name: string }) => sightings[of.name];

  it.each<readonly [string, Readonly<Record<string, Sighting>>, readonly string[]]>([
    ['misses what no watch has', {}, ['web', 'migrate']],
    ['misses what is only known from before the apply', { web: current('uid-web', '99'), migrate: current('uid-migrate') }, ['web']],
    ['misses an object that another one has taken the name of', { web: current('uid-other'), migrate: current('uid-migrate') }, ['web']],
    ['misses nothing that was seen since', { web: current('uid-web'), migrate: current('uid-migrate') }, []],
  ])('%s', (_name, sightings, names) => {
    expect(unseen([web, migrate], seenBy(sightings)).map((object) => object.ref.name)).toEqual(names);
  });

  it('knows a Job for done, and nothing else', () => {
    expect(completedJobs([web, migrate], seenBy({ web: current('uid-web'), migrate: current('uid-migrate') }))).toEqual(['uid-migrate']);
    expect(completedJobs([migrate], seenBy({ migrate: { ...current('uid-migrate'), health: { status: 'InProgress', message: 'is not complete' } } }))).toEqual([]);
  });
});
