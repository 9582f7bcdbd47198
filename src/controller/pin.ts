import { decidePinned } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import { observe } from '../stages/observe.ts';
import type { Deps } from './deps.ts';
import { waitForHelm } from './busy.ts';
import { goBack } from './go-back.ts';
import { isAdmitted, type Run } from './run.ts';
import { keepDeployed } from './keep.ts';
import { goOn } from './go-on.ts';

/** A person holds a revision: neither tag nor values are looked at. */
export const holdPinned = async (deps: Deps, run: Run, pin: number, isTakenOver = false): Promise<Outcome> => {
  const { release, key, address, signal } = run;
  deps.tags.unfollow(key);
  deps.sources.forget(key);
  const records = await observe(deps.records, address, signal);
  const target = { uid: release.metadata.uid, chartRelease: key, address, isAdmitted: isAdmitted(release, address), isTakenOver };
  const decision = decidePinned(records, target, pin);
  switch (decision.kind) {
    case 'Refuse':
      return { reason: decision.reason, message: decision.message };
    case 'Busy':
      return (await waitForHelm(deps, run, { records, record: decision.record, owner: target })) ?? holdPinned(deps, run, pin, true);
    case 'Keep':
      return keepDeployed(deps, run, records, decision, release.spec.chart);
    case 'Continue':
      return goOn(deps, run, records, decision.record);
    case 'GoBack':
      return goBack(deps, run, records, decision);
  }
};
