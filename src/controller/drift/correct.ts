import { conditionOf } from '../../core/conditions.ts';
import { describeDrift, type Drift, isCorrectable } from '../../core/drift.ts';
import { imprintOf } from '../../core/imprint.ts';
import { installWaves } from '../../core/order.ts';
import type { PlannedObject } from '../../core/plan.ts';
import type { RecordHead } from '../../core/record.ts';
import type { DriftReport } from '../../core/status.ts';
import { describeContested, describeRefused } from '../../core/story.ts';
import { reasonOf } from '../../ports/errors.ts';
import { bring } from '../bring.ts';
import type { Deps } from '../deps.ts';
import type { Run } from '../run.ts';

/** An object that has drifted, and what to apply to correct it, where that was found out just now. */
export interface Drifted {
  readonly drift: Drift;
  readonly remedy: PlannedObject | undefined;
}

/**
 * Applies what has drifted again, in install order, without a new revision. What somebody takes back each time is left for a while, and what
 * cannot be applied is tried again: the claim says so.
 */
export const correct = async (deps: Deps, run: Run, record: RecordHead, drifted: readonly Drifted[]): Promise<DriftReport> => {
  const now = deps.clock.now();
  const ours = drifted.filter(({ drift }) => isCorrectable(drift));
  const due = ours.flatMap((one) => dueOf(deps, run, one, now));
  const refused: Refused[] = [];
  for (const wave of installWaves(due)) refused.push(...(await Promise.all(wave.map((one) => applyAgain(deps, run, record, { ...one, now })))).filter((one) => one !== undefined));
  const corrected = due.map(({ drift }) => drift).filter((drift) => !refused.some((one) => one.drift === drift));
  if (corrected.length > 0) {
    deps.metrics.corrected(corrected.length);
    deps.logger.info({ ...run.names, drift: describeDrift(corrected) }, 'drift corrected');
  }
  const left = drifted.map(({ drift }) => drift).filter((drift) => !corrected.includes(drift));
  return { ...sayWhatIsLeft(deps, run, left, refused, now), ...(corrected.length > 0 && { corrected: describeDrift(corrected) }) };
};

interface Due {
  readonly ref: PlannedObject['ref'];
  readonly drift: Drift;
  readonly remedy: PlannedObject;
  /** How often it has come back after a correction. */
  readonly returns: number;
}

interface Refused {
  readonly drift: Drift;
  readonly why: string;
}

const dueOf = (deps: Deps, { key }: Run, { drift, remedy }: Drifted, now: number): readonly Due[] => {
  const next = deps.contests.next(key, drift, now);
  return remedy === undefined || next.kind === 'Later' ? [] : [{ ref: drift.ref, drift, remedy, returns: next.returns }];
};

/** Returns what stands in the way, if something does. */
const applyAgain = async (deps: Deps, run: Run, record: RecordHead, { drift, remedy, returns, now }: Due & { readonly now: number }): Promise<Refused | undefined> => {
  deps.contests.corrected(run.key, drift, returns, now);
  try {
    const answer = await bring(deps, run, record, { objects: [remedy], standing: new Map() });
    if ('waitsFor' in answer) return { drift, why: `it waits for ${answer.waitsFor}` };
    for (const { ref, ownFields, resourceVersion } of answer) deps.expectations.put(run.key, { ref, imprint: imprintOf({ ownFields }), resourceVersion });
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined || reason === 'ClusterUnavailable' || !(error instanceof Error)) throw error;
    return { drift, why: error.message };
  }
};

const sayWhatIsLeft = (deps: Deps, { key, release }: Run, left: readonly Drift[], [refused]: readonly Refused[], now: number): DriftReport => {
  const before = conditionOf(release.status.conditions, 'Drifted');
  if (left.length === 0) {
    // Corrected, but for how long? It stays said until it was left alone for a good while.
    const calmAfterMs = deps.contests.calmAfterMs(key, now);
    return calmAfterMs === undefined || before?.reason !== 'DriftContested' ? {} : { claim: { reason: 'DriftContested', message: before.message }, lookAgainAfterMs: calmAfterMs };
  }
  const pauses = left.filter(isCorrectable).map((drift) => deps.contests.next(key, drift, now));
  const again = pauses.length === 0 ? {} : { lookAgainAfterMs: Math.min(...pauses.map((next) => (next.kind === 'Later' ? next.afterMs : 0))) };
  if (refused !== undefined) return { claim: { reason: 'DriftNotCorrected', message: describeRefused(describeDrift(left), refused.why) }, ...again };
  if (!left.some(isCorrectable)) return { claim: { reason: 'DriftNotCorrected', message: describeDrift(left) } };
  return { claim: { reason: 'DriftContested', message: describeContested(describeDrift(left)) }, ...again };
};
