import { parseDuration } from '../core/duration.ts';
import type { Verdict } from '../core/readiness.ts';
import type { RecordHead } from '../core/record.ts';
import type { Trouble } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import { describeFailure, describeWaiting } from '../core/story.ts';
import { reasonOf } from '../ports/errors.ts';
import { apply } from '../stages/apply.ts';
import { close, closeFailed } from '../stages/close.ts';
import { prune } from '../stages/prune.ts';
import { wait } from '../stages/wait.ts';
import type { Deps } from './deps.ts';
import type { Rollout } from './rollouts.ts';
import type { Run } from './run.ts';
import { settle } from './settle.ts';

/** An open revision on its way: apply, wait, prune, close. What goes wrong from here on is written into its record. */
export const roll = async (deps: Deps, run: Run, rollout: Rollout, records: readonly RecordHead[]): Promise<Outcome> => {
  if (rollout.applied !== undefined) return finish(deps, run, { ...rollout, applied: rollout.applied }, records);
  const answer = await apply(deps.cluster, rollout.planned, run.signal).catch((error: unknown) => refusalIn(error));
  if (!('reason' in answer)) return finish(deps, run, deps.rollouts.applied(run.key, rollout, answer, deps.clock.now()), records);
  const failed = await closeFailed(deps.records, run.address, rollout.record, answer.message, run.signal);
  return { ...answer, records: replaced(records, failed) };
};

type Applied = Rollout & { readonly applied: NonNullable<Rollout['applied']> };

const finish = async (deps: Deps, run: Run, rollout: Applied, records: readonly RecordHead[]): Promise<Outcome> => {
  const { release, signal } = run;
  const verdict = await wait(deps.healths, rollout.applied.objects, release.spec, signal);
  if (verdict.kind !== 'Ready') return hold(deps, run, rollout, records, verdict);
  await prune(deps.cluster, rollout.toPrune, release.metadata, signal);
  const left = await close(deps.records, run.address, rollout.record.revision, release.spec.historyLimit, signal);
  deps.rollouts.forget(run.key);
  deps.logger.info({ ...run.names, revision: rollout.record.revision }, 'deployed');
  return settle(deps, run, { record: rollout.record, reference: rollout.record.notes?.reference ?? '', records: left, planned: rollout.planned });
};

/** Not ready: in time still, or failed. A failed revision is looked at again whenever its objects' health changes. */
const hold = async (deps: Deps, run: Run, rollout: Applied, records: readonly RecordHead[], verdict: Exclude<Verdict, { readonly kind: 'Ready' }>): Promise<Outcome> => {
  const leftMs = rollout.applied.at + timeoutOf(run) - deps.clock.now();
  if (verdict.kind === 'Waiting' && rollout.record.status !== 'failed' && leftMs > 0) {
    return { reason: 'Progressing', message: describeWaiting(rollout.record, verdict.message), records, waitingSince: rollout.applied.at, lookAgainAfterMs: leftMs };
  }
  const message = describeFailure(rollout.record, verdict, run.release.spec.timeout);
  const failed = await closeFailed(deps.records, run.address, rollout.record, message, run.signal);
  const reason = rollout.record.notes?.action === 'install' ? 'InstallFailed' : 'UpgradeFailed';
  return { reason, message, records: replaced(records, failed) };
};

const timeoutOf = ({ release }: Run): number => parseDuration(release.spec.timeout) ?? DEFAULT_TIMEOUT_MS;

const DEFAULT_TIMEOUT_MS = 300_000;

/** What the API server refused, and why. Any other error is thrown on: whether the write was done, nobody knows, and the revision is resumed. */
const refusalIn = (error: unknown): Trouble => {
  const reason = reasonOf(error);
  if (reason === undefined || reason === 'ClusterUnavailable' || !(error instanceof Error)) throw error;
  return { reason, message: error.message };
};

const replaced = (records: readonly RecordHead[], by: RecordHead): readonly RecordHead[] => records.map((record) => (record.revision === by.revision ? by : record));
