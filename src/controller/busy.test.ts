import { expect, it } from 'vitest';
import { unaskedCauses } from '../../test/fakes/causes.ts';
import { FakeClock } from '../../test/fakes/clock.ts';
import { recordHead } from '../../test/fakes/record-head.ts';
import { waitForHelm } from './busy.ts';
import type { Deps } from './deps.ts';
import { Rollouts } from './rollouts.ts';
import type { Run } from './run.ts';

const RUN = { key: 'apps/web', address: { namespace: 'apps', releaseName: 'web' }, release: { metadata: {}, spec: { timeout: '1m' } } } as unknown as Run; // what is not looked at is left out
const OWNER = { uid: 'u', chartRelease: 'apps/web', isAdmitted: true, isMoving: false };

it('waits for nothing else than a helm that is at work', async () => {
  const clock = new FakeClock();
  const forgotten: string[] = [];
  const causes = unaskedCauses((key) => forgotten.push(key));
  const record = recordHead({ revision: 2, status: 'pending-rollback', modifiedAt: clock.now() / 1000 });
  const deps = { clock, causes, rollouts: new Rollouts(), takeoverAfterMs: 0 } as unknown as Deps; // likewise
  expect(await waitForHelm(deps, RUN, { records: [record], record, owner: OWNER })).toMatchObject({ reason: 'ReleaseBusy', lookAgainAfterMs: 60_000 });
  expect(forgotten).toEqual(['apps/web']);
});
