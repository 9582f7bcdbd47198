import { expect, it } from 'vitest';
import { stampOf } from '../core/ownership.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { Standing } from '../core/standing.ts';
import type { LiveObject } from '../ports/cluster.ts';
import type { Deps } from './deps.ts';
import type { Run } from './run.ts';
import { Standings } from './standings.ts';
import { take } from './take.ts';

const ADDRESS = { namespace: 'apps', releaseName: 'web' };
const OWNER = { namespace: 'apps', name: 'web' };
const RUN = { key: 'apps/web', address: ADDRESS, release: { metadata: OWNER, spec: { adopt: false } }, signal: new AbortController().signal } as unknown as Run; // what is not looked at is left out
const OBJECT: PlannedObject = {
  ref: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'web' },
  source: 'web/templates/web.yaml',
  isKept: false,
  digest: 'd1',
  json: new Uint8Array(),
};
const LIVE: LiveObject = { ...stampOf(OWNER, ADDRESS), uid: 'u1', resourceVersion: '8', madeAt: 0, isTerminating: false, controller: undefined, ownFields: 'f1', managed: [] };
const RECORD = { secret: 's', revision: 1, status: 'deployed', resourceVersion: '1', createdAt: 0, modifiedAt: 0, endedAt: undefined, notes: undefined } as const;
const STANDING: Standing = { address: ADDRESS, record: RECORD, firstDeployed: '', objects: [OBJECT], hookEvents: [], applied: [] };

it.each<readonly [string, LiveObject | undefined, boolean]>([
  ['an object that was there already has all of the release sent: the watches may not have come to what was done to it', LIVE, false],
  ['where everything is new, what was applied last is still known', undefined, true],
])('%s', async (_, live, isKnown) => {
  const standings = new Standings();
  standings.keep(RUN.key, STANDING);
  const deps = { standings, cluster: { look: async () => live } } as unknown as Deps;
  await take(deps, RUN, { planned: [OBJECT], earlier: [], records: [RECORD], isAdopting: false });
  expect(standings.of(RUN.key, ADDRESS, RECORD)).toEqual(isKnown ? STANDING : undefined);
});
