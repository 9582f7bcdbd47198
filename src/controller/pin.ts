import { isRewritten } from '../core/foreign.ts';
import type { RecordHead } from '../core/record.ts';
import { type Decision, decidePinned } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import { StageError } from '../ports/errors.ts';
import { observe } from '../stages/observe.ts';
import { keepByHand } from './by-hand.ts';
import type { Deps } from './deps.ts';
import { waitForHelm } from './busy.ts';
import { goBack } from './go-back.ts';
import { isAdmitted, type Run } from './run.ts';
import { keepDeployed } from './keep.ts';
import { goOn, makeDo } from './go-on.ts';
import { running } from './settle.ts';
import { isMoving } from './target.ts';

/** A person holds a revision: neither tag nor values are looked at. Where it cannot be held, what is under way, or failed, comes to its end all the same. */
export const holdPinned = async (deps: Deps, run: Run, pin: number, isTakenOver = false): Promise<Outcome> => {
  const { release, key, address, signal } = run;
  deps.tags.unfollow(key);
  deps.sources.forget(key);
  const records = await observe(deps.records, address, signal);
  const target = { uid: release.metadata.uid, chartRelease: key, address, isAdmitted: isAdmitted(release, address), isMoving: isMoving(release, address), isTakenOver };
  const decision = decidePinned(records, target, pin);
  switch (decision.kind) {
    case 'Refuse':
      return makeDo(deps, run, records, new StageError(decision.reason, decision.message));
    case 'Busy':
      return (await waitForHelm(deps, run, { records, record: decision.record, owner: target })) ?? holdPinned(deps, run, pin, true);
    case 'Keep':
      return isHandMade(run, decision.deployed) ? keepHandMade(deps, run, records, decision) : keepDeployed(deps, run, records, decision, release.spec.chart);
    case 'Continue':
      return goOn(deps, run, records, decision.record);
    case 'GoBack':
      return goBack(deps, run, records, decision);
  }
};

const isHandMade = ({ release }: Run, record: RecordHead): boolean => record.notes === undefined && !isRewritten(record, release.status.history ?? []);

/** What a person's helm made is held as it is: nothing of it is ours that could be lost. */
const keepHandMade = async (deps: Deps, run: Run, records: readonly RecordHead[], { deployed, stale }: Keep): Promise<Outcome> => {
  const reference = run.release.spec.chart;
  const kept = await keepByHand(deps, run, { records, reference }, { kind: 'KeepByHand', newest: deployed, last: { revision: deployed.revision, record: deployed }, stale });
  return { ...kept, ...running(run.release, { record: deployed, reference, records: kept.records ?? records }) };
};

type Keep = Extract<Decision, { readonly kind: 'Keep' }>;
