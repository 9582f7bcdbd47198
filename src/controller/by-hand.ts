import { chartIn } from '../core/chart-metadata.ts';
import { stampOf } from '../core/ownership.ts';
import type { RecordHead } from '../core/record.ts';
import type { KeepByHand } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import { describeChangedByHand, describeHandFailed, describeHandMade } from '../core/story.ts';
import { RecordInvalidError } from '../ports/records.ts';
import { tidy } from '../stages/close.ts';
import { planAgain } from '../stages/plan.ts';
import { lookedAtEvery } from '../stages/resolve.ts';
import type { Deps } from './deps.ts';
import { forgetDrift } from './drift/drift.ts';
import { refsOf } from './memory.ts';
import type { Run } from './run.ts';

/** What a person's helm made of the release stays as it is, and is said. What was under way, or applied last, is forgotten. */
export const keepByHand = async (
  deps: Deps,
  run: Run,
  { records, reference }: { readonly records: readonly RecordHead[]; readonly reference: string },
  decision: KeepByHand,
): Promise<Outcome> => {
  const { release, key, address, signal } = run;
  const { newest, last, stale } = decision;
  deps.rollouts.forget(key);
  deps.causes.forget(key);
  deps.standings.take(key);
  forgetDrift(deps, key);
  const left = stale.length === 0 ? records : await tidy(deps.records, address, records, release.spec.historyLimit, signal);
  const content = await deps.records.read(address, newest, signal);
  const handMade = { revision: newest.revision, chart: chartIn(content.chart), description: content.description };
  if (newest.status === 'failed') return { reason: 'FailedByHand', message: describeHandFailed(handMade), records: left, reference, handMade };
  const isReported = release.status.revision === newest.revision && release.status.inventory !== undefined;
  // Helm may well have gone back to what the spec asks for.
  const isSame = last.record !== undefined && content.manifest === (await deps.records.read(address, last.record, signal).catch(unlessInvalid))?.manifest;
  const objects = isReported ? undefined : await deps.renderer.read(content.manifest, stampOf(release.metadata, address), signal);
  return {
    reason: 'ChangedByHand',
    message: describeHandMade(handMade, reference, lookedAtEvery(release)),
    records: left,
    reference,
    handMade,
    ...(objects !== undefined && { inventory: refsOf(await planAgain(deps.cluster, objects, address.namespace, signal)) }),
    drift: release.spec.drift.mode === 'Warn' && !isSame ? { claim: { reason: 'ChangedByHand', message: describeChangedByHand(handMade, last.revision, reference) } } : {},
  };
};

const unlessInvalid = (error: unknown): undefined => {
  if (!(error instanceof RecordInvalidError)) throw error;
  return undefined;
};
