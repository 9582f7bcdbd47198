import { expect, it } from 'vitest';
import { unaskedCauses } from '../../test/fakes/causes.ts';
import { recordHead } from '../../test/fakes/record-head.ts';
import { keepByHand } from './by-hand.ts';
import type { Deps } from './deps.ts';
import { Contests } from './drift/contests.ts';
import { Expectations } from './drift/expectations.ts';
import { Rollouts } from './rollouts.ts';
import type { Run } from './run.ts';
import { Standings } from './standings.ts';

const RUN = { key: 'apps/web', address: { namespace: 'apps', releaseName: 'web' }, release: {} } as unknown as Run; // what is not looked at is left out

it("waits for nothing any more where a person's helm has failed", async () => {
  const forgotten: string[] = [];
  const causes = unaskedCauses((key) => forgotten.push(key));
  const records = { read: async () => ({ chart: '{"metadata":{"name":"web","version":"1.5.0"}}', description: 'timed out' }) };
  const memory = { rollouts: new Rollouts(), standings: new Standings(), expectations: new Expectations(), contests: new Contests() };
  const newest = recordHead({ revision: 2, status: 'failed' });
  const decision = { kind: 'KeepByHand', newest, last: { record: undefined, revision: 1 }, stale: [] } as const;
  const outcome = await keepByHand({ causes, records, ...memory } as unknown as Deps, RUN, { records: [newest], reference: 'r/web:1' }, decision);
  expect(outcome).toMatchObject({ reason: 'FailedByHand', handMade: { revision: 2, description: 'timed out' } });
  expect(forgotten).toEqual(['apps/web']);
});
