import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.ts';
import type { Condition } from '../api/conditions.ts';
import type { RecordHead } from '../core/record.ts';
import type { SeenRelease } from '../ports/releases.ts';
import { Expectations } from './drift/expectations.ts';
import { Dependents } from './pace/dependents.ts';
import { newRollout, Rollouts } from './rollouts.ts';
import { triggers, type Triggers, wakeHeld } from './triggers.ts';
import { Workqueue } from './workqueue.ts';

const KEY = 'apps/web';
const RECORD: RecordHead = {
  secret: 'sh.helm.release.v1.web.v1',
  revision: 1,
  status: 'pending-install',
  resourceVersion: '1',
  createdAt: 0,
  modifiedAt: 0,
  endedAt: undefined,
  notes: undefined,
};

/** The keys that wait for work after this happened, with or without a revision under way. */
const wokenBy = async (happen: (to: Triggers) => void, isUnderWay: boolean): Promise<readonly (string | undefined)[]> => {
  const queue = new Workqueue(new FakeClock());
  const rollouts = new Rollouts();
  if (isUnderWay)
    rollouts.keep(KEY, newRollout({ address: { namespace: 'apps', releaseName: 'web' }, record: RECORD, firstDeployed: '', planned: [], hookEvents: [], toPrune: [], since: 0 }));
  const dependents = new Dependents((key) => queue.add(key));
  dependents.wait('apps/next', ['apps/base']);
  const expectations = new Expectations();
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'web' };
  expectations.keep(KEY, { address: { namespace: 'apps', releaseName: 'web' }, record: RECORD }, [{ ref, imprint: 'as applied', resourceVersion: '1' }]);
  happen(triggers((key) => queue.add(key), rollouts, dependents, expectations));
  return Promise.all(Array.from({ length: queue.depth }, () => queue.get()));
};

describe('triggers', () => {
  it.each<readonly [string, (to: Triggers) => void, boolean, readonly string[]]>([
    ['wake a release whose spec changed', (to) => to.releaseChanged(KEY, 'spec'), false, [KEY]],
    ['wake a release that is gone, so that it is forgotten', (to) => to.releaseChanged(KEY, 'deleted'), false, [KEY]],
    ['sleep through our own status write', (to) => to.releaseChanged(KEY, 'status'), false, []],
    ['sleep through a status write while a revision is under way', (to) => to.releaseChanged(KEY, 'status'), true, []],
    ['wake a release whose finalizers changed: ours may be gone', (to) => to.releaseChanged(KEY, 'meta'), false, [KEY]],
    ['wake a release that waits for another one to be ready', (to) => to.releaseChanged('apps/base', 'status'), false, ['apps/next']],
    ['wake a release whose tag moved', (to) => to.tagChanged(KEY), false, [KEY]],
    ['wake a release under way when the health of an object changed', (to) => to.healthChanged(KEY), true, [KEY]],
    ['sleep through changes of health at rest', (to) => to.healthChanged(KEY), false, []],
    ['wake a release that has lost a field of an object', (to) => to.imprintChanged(KEY, '/ConfigMap/apps/web', 'another'), false, [KEY]],
    ['wake a release that has lost an object', (to) => to.imprintChanged(KEY, '/ConfigMap/apps/web', undefined), false, [KEY]],
    ['sleep through what others do to an object beside us', (to) => to.imprintChanged(KEY, '/ConfigMap/apps/web', 'as applied'), false, []],
    ['sleep through changes of fields while a revision is under way', (to) => to.imprintChanged(KEY, '/ConfigMap/apps/web', 'another'), true, []],
    ['sleep through changes of objects that are none of the revision', (to) => to.imprintChanged(KEY, '/Pod/apps/hook', undefined), false, []],
    ['sleep through changes of health of another release', (to) => to.healthChanged('apps/api'), true, []],
  ])('%s', async (_name, happen, isUnderWay, keys) => {
    expect(await wokenBy(happen, isUnderWay)).toEqual(keys);
  });

  it('wake a release once for much that happens at once', async () => {
    const woken = await wokenBy((to) => {
      to.releaseChanged(KEY, 'spec');
      to.tagChanged(KEY);
      to.healthChanged(KEY);
    }, true);
    expect(woken).toEqual([KEY]);
  });
});

describe('wakeHeld', () => {
  const held = (conditions: readonly Partial<Condition>[] | undefined): SeenRelease =>
    ({ kind: 'Unreadable', message: '', release: { metadata: { namespace: 'apps', name: 'web' }, status: { conditions } } }) as unknown as SeenRelease; // what is not looked at is left out

  it.each<readonly [string, readonly Partial<Condition>[] | undefined, boolean]>([
    ['wakes a release that is not ready for this reason', [{ type: 'Ready', reason: 'RendererUnavailable' }], true],
    [
      'wakes a release that runs and waits with its next digest',
      [
        { type: 'Ready', reason: 'UpgradeSucceeded' },
        { type: 'FetchFailed', reason: 'RendererUnavailable' },
      ],
      true,
    ],
    ['lets a release sleep that waits for something else', [{ type: 'Ready', reason: 'ChartNotFound' }], false],
    ['lets a release sleep that was not looked at yet', undefined, false],
  ])('%s', (_name, conditions, isWoken) => {
    const queue = new Workqueue(new FakeClock());
    wakeHeld((key) => queue.add(key), { keys: () => [KEY], get: () => held(conditions) }, 'RendererUnavailable');
    expect(queue.depth).toBe(isWoken ? 1 : 0);
  });
});
