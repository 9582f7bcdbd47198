import type { TestReport } from '../api/chart-release.ts';
import { imprintOf, printImprints } from '../core/imprint.ts';
import { refKey } from '../core/object-ref.ts';
import { objectsToPrune, type PlannedObject } from '../core/plan.ts';
import { graceMs, type Unready } from '../core/readiness.ts';
import type { RecordHead } from '../core/record.ts';
import type { Trouble } from '../core/release-state.ts';
import { pinOf } from '../core/pin.ts';
import { type Remedy, remedyFor } from '../core/remedy.ts';
import { type Standing, standingObjects } from '../core/standing.ts';
import type { Outcome } from '../core/status.ts';
import { describeFailure, describeGone, describeHeld, describeWaiting } from '../core/story.ts';
import { reasonOf } from '../ports/errors.ts';
import { close, closeFailed } from '../stages/close.ts';
import { explain } from '../stages/explain.ts';
import { type HookProgress, hooks } from '../stages/hooks.ts';
import { spare } from '../stages/spare.ts';
import { wait } from '../stages/wait.ts';
import { bring } from './bring.ts';
import { clear } from './clear.ts';
import type { Deps } from './deps.ts';
import { beginToWatch, expectAsApplied, rulesOf } from './drift/drift.ts';
import { checkNewest } from './overtaken.ts';
import { type Earlier, objectsOf, refsOf, type Stored, toldOf } from './memory.ts';
import { newRollout, type Rollout } from './rollouts.ts';
import { type Run, timeoutMsOf } from './run.ts';
import { settle } from './settle.ts';

type Applied = Rollout & { readonly applied: NonNullable<Rollout['applied']> };

/** A revision whose record is open, with what goes when it is ready. */
export const beginRollout = (
  deps: Deps,
  { key, address, release }: Run,
  record: RecordHead,
  { planned, hookEvents, firstDeployed, earlier }: Stored & { readonly earlier: readonly Earlier[] },
): Rollout =>
  deps.rollouts.keep(
    key,
    newRollout({
      address,
      record,
      firstDeployed,
      planned,
      hookEvents,
      toPrune: objectsToPrune([...objectsOf(earlier), ...toldOf(release, address)], refsOf(planned)),
      since: deps.clock.now(),
    }),
  );

/**
 * An open revision whose objects are to be applied, for the first time or once more, after its pre hooks; then as `look`. What the API
 * server refuses is written into its record.
 */
export const roll = async (deps: Deps, run: Run, opened: Rollout, planned: readonly PlannedObject[], all: readonly RecordHead[]): Promise<Outcome> => {
  const passed = await passHooks(deps, run, opened, all, 'pre');
  if ('reason' in passed) return passed;
  const { rollout, records } = passed;
  const standing = standingObjects(deps.standings.take(run.key));
  await beginToWatch(deps, run, planned);
  const objects = await spare(deps, planned, rulesOf(deps, run), run.signal);
  const answer = await bring(deps, run, rollout.record, { objects, standing }).catch((error: unknown) => refusalIn(error));
  if ('waitsFor' in answer) return holdBack(deps, run, rollout, records, answer.waitsFor);
  if (!('reason' in answer)) {
    deps.metrics.applied(answer.map(({ change }) => change));
    return look(deps, run, { ...rollout, applied: { objects: answer, at: deps.clock.now() } }, records);
  }
  const failed = await closeFailed(deps.records, run.address, rollout.record, answer.message, run.signal);
  return { ...answer, records: replaced(records, failed) };
};

/** An object has to be gone before the rest can be applied: nobody's watch says when, so it is looked at. */
const holdBack = async (deps: Deps, run: Run, rollout: Rollout, records: readonly RecordHead[], waitsFor: string): Promise<Outcome> => {
  deps.rollouts.keep(run.key, rollout);
  if (leftMsOf(deps, run, rollout) > 0)
    return { reason: 'Progressing', message: describeHeld(rollout.record, waitsFor), records, waitingSince: rollout.since, lookAgainAfterMs: LEAVING_POLL_MS };
  return { ...(await hold(deps, run, rollout, records, { kind: 'Waiting', message: waitsFor })), lookAgainAfterMs: LEAVING_PAUSE_MS };
};

/** An open revision that is applied: wait, post hooks, tests, prune, close. */
export const look = async (deps: Deps, run: Run, applied: Applied, records: readonly RecordHead[]): Promise<Outcome> => {
  const ready = applied.isReady ? applied : await see(deps, run, applied, records);
  if ('reason' in ready) return ready;
  const passed = await passHooks(deps, run, ready, records, 'post');
  if ('reason' in passed) return passed;
  const tested = await test(deps, run, passed.rollout, passed.records);
  if ('reason' in tested) return tested;
  return { ...(await finish(deps, run, tested.rollout)), ...(tested.test !== undefined && { test: tested.test }) };
};

/** The rollout where its objects are ready, or what it waits for. */
const see = async (deps: Deps, run: Run, applied: Applied, records: readonly RecordHead[]): Promise<Applied | Outcome> => {
  const isSettled = deps.clock.now() - applied.applied.at > SETTLED_MS;
  const input = { objects: applied.applied.objects, completed: applied.completed, isSettled, options: run.release.spec };
  const { verdict, completed, gone } = await wait(deps, input, run.signal);
  const rollout = { ...applied, completed };
  deps.rollouts.keep(run.key, rollout);
  if (gone !== undefined) return recover(deps, run, rollout, records, gone);
  if (verdict.kind === 'Ready') {
    deps.causes.forget(run.key);
    return { ...rollout, isReady: true };
  }
  const isOver = rollout.record.status === 'failed' || leftMsOf(deps, run, rollout) <= 0;
  return hold(deps, run, rollout, records, await explain(deps, { releaseKey: run.key, verdict, since: rollout.since, isOver }, run.signal));
};

const finish = async (deps: Deps, run: Run, rollout: Applied): Promise<Outcome> => {
  const { release, key, address, signal } = run;
  await checkNewest(deps, run, rollout.record);
  deps.metrics.pruned(await clear(deps, run, rollout.toPrune));
  const closing = { revision: rollout.record.revision, imprints: imprintsOf(rollout) };
  const left = await close(deps.records, address, closing, release.spec.historyLimit, signal);
  deps.rollouts.forget(key);
  deps.standings.keep(key, standingOf(rollout));
  deps.logger.info({ ...run.names, revision: rollout.record.revision }, 'deployed');
  const record = left.find(({ revision }) => revision === rollout.record.revision) ?? rollout.record;
  const isUntouched = expectAsApplied(deps, run, record, rollout.applied.objects);
  const outcome = await settle(deps, run, { record, reference: record.notes?.reference ?? '', records: left, inventory: refsOf(rollout.objects) });
  return { ...outcome, drift: {}, ...(!isUntouched && { lookAgainAfterMs: 0 }) };
};

/** The rollout, and the records, once the hooks before or after it have all ended well; else what becomes of it. */
const passHooks = async <R extends Rollout>(
  deps: Deps,
  run: Run,
  rollout: R,
  records: readonly RecordHead[],
  when: 'pre' | 'post',
): Promise<{ readonly rollout: R; readonly records: readonly RecordHead[] } | Outcome> => {
  const event = `${when}-${rollout.record.notes?.action ?? 'upgrade'}` as const;
  if (!rollout.hookEvents.includes(event)) return { rollout, records };
  const { release, key, address, signal } = run;
  const input = { owner: release.metadata, address, record: rollout.record, event, timeoutMs: timeoutMsOf(release), again: rollout.isOnceMore, failed: 'failed' } as const;
  const progress = await hooks(deps, input, signal);
  const left = replaced(records, progress.record);
  switch (progress.kind) {
    case 'Done':
      // The objects have their time from the end of the pre hooks on.
      return { rollout: { ...rollout, record: progress.record, since: when === 'pre' ? Math.max(rollout.since, progress.endedAt) : rollout.since }, records: left };
    case 'Waiting':
      return waitForHook(deps, run, rollout, records, progress);
    case 'Failed':
      deps.rollouts.forget(key);
      return { reason: 'HookFailed', message: progress.message, records: left };
  }
};

const waitForHook = (deps: Deps, { key }: Run, rollout: Rollout, records: readonly RecordHead[], { record, message, lookAgainAfterMs }: HeldByHook): Outcome => {
  deps.rollouts.keep(key, { ...rollout, record, isOnceMore: false });
  return { reason: 'Progressing', message: describeHeld(rollout.record, message), records: replaced(records, record), waitingSince: rollout.since, lookAgainAfterMs };
};

type HeldByHook = Extract<HookProgress, { readonly kind: 'Waiting' }>;

/** The rollout once the tests that the spec asks for have ended, well or not; what becomes of it where they have not, or must have ended well. */
const test = async (
  deps: Deps,
  run: Run,
  rollout: Applied,
  records: readonly RecordHead[],
): Promise<{ readonly rollout: Applied; readonly test: TestReport | undefined } | Outcome> => {
  const { release, key, address, signal } = run;
  const { record, hookEvents, isOnceMore } = rollout;
  const { enabled = false, failRelease = false } = release.spec.test ?? {};
  if (!enabled || record.notes?.action === 'rollback' || !hookEvents.includes('test')) return { rollout, test: undefined };
  const failed = failRelease ? 'failed' : record.status;
  const progress = await hooks(deps, { owner: release.metadata, address, record, event: 'test', timeoutMs: timeoutMsOf(release), again: isOnceMore, failed }, signal);
  if (progress.kind === 'Waiting') return waitForHook(deps, run, rollout, records, progress);
  const isFailed = progress.kind === 'Failed';
  const report: TestReport = { revision: record.revision, outcome: isFailed ? 'Failed' : 'Succeeded', runs: [...progress.tests], ...(isFailed && { message: progress.message }) };
  if (!isFailed || !failRelease) return { rollout: { ...rollout, record: progress.record }, test: report };
  deps.rollouts.forget(key);
  return { reason: 'TestFailed', message: progress.message, records: replaced(records, progress.record), test: report };
};

/** Somebody deleted an object while the revision waits: all of it is applied again, but not for longer than the time-out. */
const recover = async (deps: Deps, run: Run, rollout: Applied, records: readonly RecordHead[], gone: string): Promise<Outcome> => {
  deps.causes.forget(run.key);
  if (rollout.record.status === 'failed' || leftMsOf(deps, run, rollout) <= 0) return hold(deps, run, rollout, records, { kind: 'Failed', message: describeGone(gone) });
  deps.rollouts.keep(run.key, { ...rollout, applied: undefined });
  return { reason: 'Progressing', message: describeWaiting(rollout.record, `${gone} to be applied again: it was deleted`), records, lookAgainAfterMs: 0 };
};

/** Not ready: in time still, or failed. A failed revision is looked at again whenever its objects' health changes. */
const hold = async (deps: Deps, run: Run, rollout: Rollout, records: readonly RecordHead[], verdict: Unready): Promise<Outcome> => {
  const leftMs = leftMsOf(deps, run, rollout) + graceMs(verdict);
  if (verdict.kind === 'Waiting' && leftMs > 0) {
    return { reason: 'Progressing', message: describeWaiting(rollout.record, verdict.message), records, waitingSince: rollout.since, lookAgainAfterMs: leftMs };
  }
  const { metadata, spec } = run.release;
  const remedy: Remedy = pinOf(metadata.annotations).kind === 'Pinned' ? { kind: 'Keep' } : remedyFor(records, rollout.record, spec.onFailure);
  const message = describeFailure(rollout.record, verdict, spec.timeout, remedy);
  const failed = await closeFailed(deps.records, run.address, rollout.record, message, run.signal);
  return { reason: FAILURES[rollout.record.notes?.action ?? 'upgrade'], message, records: replaced(records, failed) };
};

const FAILURES = { install: 'InstallFailed', upgrade: 'UpgradeFailed', rollback: 'RollbackFailed' } as const;

const standingOf = ({ address, record, firstDeployed, objects, hookEvents, applied }: Applied): Standing => ({
  address,
  record,
  firstDeployed,
  objects,
  hookEvents,
  applied: applied.objects,
});

/** As the record keeps them: in the order of its manifest. */
const imprintsOf = ({ objects, applied }: Applied): string | undefined => {
  const answers = new Map(applied.objects.map((answer) => [refKey(answer.ref), answer]));
  return printImprints(objects.map(({ ref }) => imprintOf(answers.get(refKey(ref)) ?? { ownFields: '' })));
};

const leftMsOf = (deps: Deps, { release }: Run, rollout: Rollout): number => rollout.since + timeoutMsOf(release) - deps.clock.now();

/** After this long, a watch that is alive has shown what was applied. */
const SETTLED_MS = 2_000;

/** How soon an object that is on its way out is looked at again, in time and after it. */
const LEAVING_POLL_MS = 1_000;
const LEAVING_PAUSE_MS = 60_000;

/** What the API server refused, and why. Any other error is thrown on: whether the write was done, nobody knows, and the revision is resumed. */
const refusalIn = (error: unknown): Trouble => {
  const reason = reasonOf(error);
  if (reason === undefined || reason === 'ClusterUnavailable' || !(error instanceof Error)) throw error;
  return { reason, message: error.message };
};

const replaced = (records: readonly RecordHead[], by: RecordHead): readonly RecordHead[] => records.map((record) => (record.revision === by.revision ? by : record));
