import type { Outcome } from '../core/status.ts';
import { isRace, reasonOf } from '../ports/errors.ts';
import type { Logger } from '../ports/logger.ts';
import type { RunEnd } from '../ports/metrics.ts';
import type { SeenRelease } from '../ports/releases.ts';
import { report } from '../stages/report.ts';
import type { Deps } from './deps.ts';
import { forgetDrift } from './drift/drift.ts';
import { outcomeOfError, withSoonLook } from './failed.ts';
import { finalize } from './leave/finalize.ts';
import { reconcile } from './reconcile.ts';
import { namesOf } from './run.ts';
import { type Ended, runEndOf } from './run-end.ts';
import { suspend } from './suspend.ts';
import type { Workqueue } from './workqueue.ts';

/** Works on keys until the queue is closed; `concurrency` of them at once, never one key twice at once. */
export const work = async (deps: Deps, queue: Workqueue, options: { readonly concurrency: number }, signal: AbortSignal): Promise<void> => {
  await Promise.all(Array.from({ length: options.concurrency }, () => worker(deps, queue, signal)));
};

const worker = async (deps: Deps, queue: Workqueue, signal: AbortSignal): Promise<void> => {
  for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
    const count = deps.metrics.begin();
    let end: RunEnd = 'Failed';
    let outcome: Ended['outcome'];
    deps.brake.begin(key);
    try {
      const ended = await runOnce(deps, key, signal);
      end = runEndOf(ended);
      outcome = ended.outcome;
      queue.forget(key);
      if (ended.lookAgainAfterMs !== undefined) queue.addAfter(key, ended.lookAgainAfterMs);
    } catch (error) {
      // Somebody else was faster, or the status could not be written: nobody but the log hears of it, and it is tried again soon.
      if (!signal.aborted) logRepeat(deps.logger, key, error);
      queue.addRateLimited(key);
    } finally {
      count(end);
      deps.brake.end(key, outcome);
      queue.done(key);
    }
  }
};

/** A race is nothing to wonder about, and needs no stack. */
const logRepeat = (logger: Logger, key: string, error: unknown): void => {
  if (error instanceof Error && reasonOf(error) !== undefined) logger.warn({ key, error: error.message }, 'the run is repeated');
  else if (isRace(error)) logger.info({ key, error: error.message }, 'somebody else was faster; the release is looked at afresh');
  else logger.error({ key, error }, 'the run is repeated after a fault of the operator');
};

/** One run of one release, with its report. */
const runOnce = async (deps: Deps, key: string, signal: AbortSignal): Promise<Ended> => {
  deps.dependents.forget(key);
  const seen = deps.releases.get(key);
  if (seen === undefined) {
    deps.tags.unfollow(key);
    deps.sources.forget(key);
    deps.rollouts.forget(key);
    deps.causes.forget(key);
    deps.standings.take(key);
    forgetDrift(deps, key);
    deps.contenders.forget(key);
    deps.homes.forget(key);
    deps.departures.forget(key);
    deps.brake.forget(key);
    return GONE;
  }
  const found = await outcomeOf(deps, seen, signal);
  if (found === undefined) return GONE;
  const outcome = seen.kind === 'Readable' ? withSoonLook(seen.release, found) : found;
  // The run may have written status itself (stages/admit.ts): what it wrote stays, and the spec that it saw counts.
  const { status } = deps.releases.get(key)?.release ?? seen.release;
  return { outcome, lookAgainAfterMs: await report(deps, { ...seen.release, status }, outcome, signal) };
};

const GONE: Ended = { outcome: undefined, lookAgainAfterMs: undefined };

const outcomeOf = async (deps: Deps, seen: SeenRelease, signal: AbortSignal): Promise<Outcome | undefined> => {
  const names = namesOf(seen.release.metadata);
  try {
    if (seen.release.metadata.deletionTimestamp !== undefined) return await finalize(deps, seen, signal);
    if (seen.kind === 'Unreadable') return { reason: 'InvalidSpec', message: seen.message };
    if (seen.release.spec.suspend) return await suspend(deps, seen.release, signal);
    return await reconcile(deps, seen.release, signal);
  } catch (error) {
    if (signal.aborted || isRace(error)) throw error;
    const failed = outcomeOfError(error, signal);
    if (failed !== undefined) return failed;
    deps.logger.error({ ...names, error }, 'a fault of the operator');
    return { reason: 'ReconcileFailed', message: `a fault of the operator: ${error instanceof Error ? error.message : String(error)}; its log has the whole of it` };
  }
};
