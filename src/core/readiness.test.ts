import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Health } from './health.ts';
import type { ObjectRef } from './object-ref.ts';
import { isOlder, judge, objectsToWaitFor, type AppliedObject, type Sighting } from './readiness.ts';

const applied = (kind: string, name = 'web', apiVersion = 'apps/v1'): AppliedObject => ({
  ref: { apiVersion, kind, namespace: 'prod', name },
  uid: `uid-${name}`,
  resourceVersion: '100',
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
  const seen = (status: Health['status'], message: string, resourceVersion = '100'): Sighting => ({ resourceVersion, health: { status, message } });
  const current = seen('Current', 'is ready');
  const slow = seen('InProgress', '1 of 3 replicas available');
  const broken = seen('Failed', 'made no progress in time');

  it.each<readonly [string, readonly (Sighting | undefined)[], ReturnType<typeof judge>]>([
    ['is Ready with no objects', [], { kind: 'Ready' }],
    ['is Ready when every object is current', [current, current], { kind: 'Ready' }],
    ['waits for an object in progress and says for what', [current, slow], { kind: 'Waiting', message: 'Deployment prod/1: 1 of 3 replicas available' }],
    ['names the first of several', [slow, seen('InProgress', 'is pending')], { kind: 'Waiting', message: 'Deployment prod/0: 1 of 3 replicas available' }],
    ['waits for an object that is being deleted', [seen('Terminating', 'is being deleted')], { kind: 'Waiting', message: 'Deployment prod/0: is being deleted' }],
    ['waits for an object that no watch has seen', [undefined], { kind: 'Waiting', message: 'Deployment prod/0: not seen by the watch yet' }],
    ['has failed when one object has, whatever comes before it', [slow, broken], { kind: 'Failed', message: 'Deployment prod/1: made no progress in time' }],
    ['does not trust a sighting from before the apply', [seen('Current', 'is ready', '99')], { kind: 'Waiting', message: 'Deployment prod/0: not seen by the watch yet' }],
    ['does not fail on a sighting from before the apply', [seen('Failed', 'old trouble', '99')], { kind: 'Waiting', message: 'Deployment prod/0: not seen by the watch yet' }],
    ['trusts a sighting from after the apply', [seen('Current', 'is ready', '1000')], { kind: 'Ready' }],
  ])('%s', (_name, sightings, verdict) => {
    const objects = sightings.map((_, index) => applied('Deployment', String(index)));
    const sightingOf = (ref: ObjectRef) => sightings[Number(ref.name)];
    expect(judge(objects, sightingOf)).toEqual(verdict);
  });
});

describe('isOlder', () => {
  it.each([
    ['99', '100', true],
    ['100', '99', false],
    ['100', '100', false],
    ['9007199254740992', '9007199254740993', true],
    ['18446744073709551615', '9223372036854775807', false],
  ])('of %s than %s is %s', (version, than, expected) => {
    expect(isOlder(version, than)).toBe(expected);
  });

  it('is the order of the numbers, whatever their length', () => {
    // Long and short ones, and near ones, which share their first digits.
    const version = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 20n }));
    const pair = fc.oneof(
      fc.tuple(version, version),
      fc.tuple(version, fc.bigInt({ min: 0n, max: 3n })).map(([one, step]) => [one, one + step] as const),
    );
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(isOlder(String(one), String(other))).toBe(one < other);
        expect(isOlder(String(other), String(one))).toBe(other < one);
      }),
    );
  });
});
