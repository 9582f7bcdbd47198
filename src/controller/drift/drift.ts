import type { Reason } from '../../api/reasons.ts';
import { conditionOf } from '../../core/conditions.ts';
import { describeDrift, driftOf, type DriftRules, excusedLosses, isCorrectable, sparedFields } from '../../core/drift.ts';
import { imprintOf, parseImprints } from '../../core/imprint.ts';
import { bytesWithout, parseManifest } from '../../core/manifest-path.ts';
import { type ObjectRef, refKey } from '../../core/object-ref.ts';
import type { PlannedObject } from '../../core/plan.ts';
import type { AppliedObject } from '../../core/readiness.ts';
import type { RecordHead } from '../../core/record.ts';
import type { DriftReport, Outcome } from '../../core/status.ts';
import { ClusterError } from '../../ports/cluster.ts';
import { reasonOf } from '../../ports/errors.ts';
import { inspect } from '../../stages/inspect.ts';
import { correct, type Drifted } from './correct.ts';
import type { Deps } from '../deps.ts';
import { type Expected, imprintIn, isBroughtBack, isOvertaken, isSeenAsExpected, unexamined } from './expectations.ts';
import { refsOf, storedOf } from '../memory.ts';
import { type Run, whoseOf } from '../run.ts';

/** A revision that is deployed, and its objects where the caller has them. */
interface Deployed {
  readonly record: RecordHead;
  readonly inventory: readonly ObjectRef[] | undefined;
}

/**
 * Finds out whether the objects of a deployed revision are as they were applied, and does what the spec asks for where they are not. Nothing is
 * asked where nothing was touched. That it cannot be found out does not make a release fail that runs: what was said before stands, and where the API
 * server or the renderer is away, or does not allow it, it is tried again.
 */
export const watchOver = async (deps: Deps, run: Run, deployed: Deployed): Promise<Pick<Outcome, 'drift'>> => {
  const { release, key, names, signal } = run;
  if (release.spec.drift.mode === 'Ignore') {
    forgetDrift(deps, key);
    return { drift: {} };
  }
  try {
    const expected = await expectedOf(deps, run, deployed);
    await deps.imprints.follow(refsIn(expected), signal);
    const drifted = await examine(deps, run, deployed.record, expected);
    deps.metrics.drifted(drifted.filter(({ remedy }) => remedy !== undefined).length);
    const report = release.spec.drift.mode === 'Correct' ? await correct(deps, run, deployed.record, drifted) : warn(deps, run, drifted);
    return { drift: isStillSo(deps, run, deployed.record) ? report : { ...report, lookAgainAfterMs: 0 } };
  } catch (error) {
    const mayPass = PASSING.has(reasonOf(error));
    if (!(error instanceof Error) || !(error instanceof ClusterError || mayPass) || signal.aborted) throw error;
    deps.logger.warn({ ...names, error: error.message }, 'drift cannot be looked for at present');
    return { drift: { isUnknown: true, ...(mayPass && { lookAgainAfterMs: PASSING_MS }) } };
  }
};

/** Begins to watch the kinds of objects that are going to be applied, so that a change is seen from then on. */
export const beginToWatch = async (deps: Deps, { release, names, signal }: Run, planned: readonly PlannedObject[]): Promise<void> => {
  if (release.spec.drift.mode === 'Ignore') return;
  try {
    await deps.imprints.follow(refsOf(planned), signal);
  } catch (error) {
    if (!(error instanceof ClusterError) || signal.aborted) throw error;
    deps.logger.warn({ ...names, error: error.message }, 'objects cannot be watched for drift at present');
  }
};

/**
 * Remembers what a revision that was just deployed has left on its objects. Returns whether all of them are so still: else the release is to
 * be looked at again.
 */
export const expectAsApplied = (deps: Deps, { key, address, release }: Run, record: RecordHead, applied: readonly AppliedObject[]): boolean => {
  forgetDrift(deps, key);
  if (release.spec.drift.mode === 'Ignore') return true;
  const objects = applied.map((object) => ({ ref: object.ref, imprint: imprintOf(object), resourceVersion: object.resourceVersion }));
  return deps.expectations.keep(key, { address, record }, objects).every((object) => isSeenAsExpected(object, deps.imprints.of(object.ref)));
};

/** What is no drift of this release. */
export const rulesOf = ({ excusedOwners }: Pick<Deps, 'excusedOwners'>, { release }: Pick<Run, 'release'>): DriftRules => ({
  excused: excusedOwners,
  ignored: release.spec.drift.ignore ?? [],
});

/** Ends what a release was watched for. */
export const forgetDrift = (deps: Pick<Deps, 'expectations' | 'contests'>, key: string): void => {
  deps.expectations.forget(key);
  deps.contests.forget(key);
};

/** From memory, else from the notes on the record, which is read itself where it is not known otherwise which objects they are about. */
const expectedOf = async (deps: Deps, run: Run, { record, inventory }: Deployed): Promise<readonly Expected[]> => {
  const { key, address, release } = run;
  const place = { address, record };
  const known = deps.expectations.of(key, place);
  // Other rules may judge otherwise, and who wishes for a look wants more than what was found before.
  const isStale = run.request !== undefined || release.status.observedGeneration !== release.metadata.generation;
  if (known !== undefined) return isStale ? deps.expectations.keep(key, place, known.map(unexamined)) : known;
  const listed = inventory ?? (release.status.inventory ?? []).map((entry) => ({ namespace: '', ...entry }));
  const noted = parseImprints(record.imprints, listed.length);
  const refs = noted === undefined && inventory === undefined ? refsOf((await storedOf(deps, run, record)).planned) : listed;
  const expected = refs.map((ref, at) => ({ ref, imprint: noted?.[at] ?? '', resourceVersion: '' }));
  return deps.expectations.keep(key, place, expected);
};

const refsIn = (expected: readonly Expected[]): readonly ObjectRef[] => expected.map(({ ref }) => ref);

/** In the order of the manifest, so that the same drift is said in the same words. */
const examine = async (deps: Deps, run: Run, record: RecordHead, expected: readonly Expected[]): Promise<readonly Drifted[]> => {
  const touched: Expected[] = [];
  for (const object of expected) {
    const sight = deps.imprints.of(object.ref);
    if (!isSeenAsExpected(object, sight)) touched.push(object);
    // What was examined before and is as expected now need not be remembered: it would count as overtaken for good.
    else if (isBroughtBack(object, sight)) deps.expectations.put(run.key, unexamined(object));
  }
  const isNews = touched.some((object) => !isKnown(deps, run, object));
  const planned = new Map(isNews ? (await storedOf(deps, run, record)).planned.map((object) => [refKey(object.ref), object]) : []);
  const all = await Promise.all(touched.map((object) => (isKnown(deps, run, object) ? driftBefore(object) : inspectOne(deps, run, object, planned.get(refKey(object.ref))))));
  return all.filter((one) => one !== undefined);
};

const driftBefore = ({ examined }: Expected): Drifted | undefined => (examined?.drift === undefined ? undefined : { drift: examined.drift, remedy: undefined });

/** Examined as it is now. What is to be corrected now is examined once more. */
const isKnown = (deps: Deps, { release, key }: Run, { ref, examined }: Expected): boolean => {
  if (examined === undefined || examined.imprint !== imprintIn(deps.imprints.of(ref))) return false;
  const isDue = examined.drift !== undefined && isCorrectable(examined.drift) && deps.contests.next(key, examined.drift, deps.clock.now()).kind === 'Now';
  return release.spec.drift.mode !== 'Correct' || !isDue;
};

const inspectOne = async (deps: Deps, run: Run, expected: Expected, object: PlannedObject | undefined): Promise<Drifted | undefined> => {
  if (object === undefined) return undefined;
  const { key, names, signal } = run;
  const rules = rulesOf(deps, run);
  const { inspection, live } = await inspect(deps.cluster, object, whoseOf(run), signal);
  if (inspection.kind === 'Unclear') deps.logger.warn({ ...names, error: inspection.why }, 'what became of an object cannot be found out');
  const wanted = { ref: object.ref, manifest: parseManifest(object.json) };
  const drift = driftOf(wanted, inspection, rules);
  deps.expectations.put(key, { ...expected, examined: { imprint: live === undefined ? undefined : imprintOf(live), resourceVersion: live?.resourceVersion ?? '', drift } });
  if (drift === undefined) return undefined;
  const left = [...excusedLosses(wanted, inspection, rules), ...(live === undefined ? [] : sparedFields(wanted, live.managed, rules))];
  return { drift, remedy: left.length === 0 ? object : { ...object, json: bytesWithout(object.json, left) } };
};

/** Whether the run leaves what is seen: what changed while it looked, or corrected, woke nobody where it was again what the run had found. */
const isStillSo = (deps: Deps, { key, address }: Run, record: RecordHead): boolean =>
  (deps.expectations.of(key, { address, record }) ?? []).every((object) => !isOvertaken(object, deps.imprints.of(object.ref)));

const warn = (deps: Deps, { names, release }: Run, drifted: readonly Drifted[]): DriftReport => {
  if (drifted.length === 0) return {};
  const message = describeDrift(drifted.map(({ drift }) => drift));
  if (conditionOf(release.status.conditions, 'Drifted')?.message !== message) deps.logger.info({ ...names, drift: message }, 'drifted');
  return { claim: { reason: 'DriftDetected', message } };
};

/** What may be over soon without that anybody tells. */
const PASSING: ReadonlySet<Reason | undefined> = new Set<Reason>(['ClusterUnavailable', 'RendererUnavailable', 'Forbidden']);
/** How soon drift is looked for again then. */
const PASSING_MS = 10_000;
