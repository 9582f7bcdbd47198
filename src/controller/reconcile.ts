import { timestamp } from '../api/time.ts';
import type { ChartRelease } from '../api/chart-release.ts';
import { conditionOf } from '../core/conditions.ts';
import { keyOf } from '../core/object-ref.ts';
import { pinOf } from '../core/pin.ts';
import type { PlannedObject } from '../core/plan.ts';
import { isPending, isSameAddress, type RecordHead, type RenderedFor, type RevisionNotes } from '../core/record.ts';
import { lastTold } from '../core/foreign.ts';
import { printReference } from '../core/reference.ts';
import { type Decision, decide, decidePinned, deployedOf, isRequested, ownRecords, standing, type Target } from '../core/release-state.ts';
import { remedyFor, triedAgainAt } from '../core/remedy.ts';
import { requestedAt } from '../core/request.ts';
import type { Outcome } from '../core/status.ts';
import type { GivenValues } from '../core/values.ts';
import { reasonOf, StageError } from '../ports/errors.ts';
import type { Source } from '../ports/registry.ts';
import type { Rendered } from '../ports/renderer.ts';
import { admit } from '../stages/admit.ts';
import { checkAnew } from '../stages/anew.ts';
import { tidy } from '../stages/close.ts';
import { namespace } from '../stages/namespace.ts';
import { observe } from '../stages/observe.ts';
import { open } from '../stages/open.ts';
import { plan } from '../stages/plan.ts';
import { preflight } from '../stages/preflight.ts';
import { pull } from '../stages/pull.ts';
import { render } from '../stages/render.ts';
import { resolve } from '../stages/resolve.ts';
import { values } from '../stages/values.ts';
import type { Braked } from './brake.ts';
import { define } from './define.ts';
import type { Deps } from './deps.ts';
import { keepByHand } from './by-hand.ts';
import { waitForHelm } from './busy.ts';
import { watchOver } from './drift.ts';
import { gate } from './gate.ts';
import { goBack } from './go-back.ts';
import { makeRoom } from './make-room.ts';
import { type Earlier, earlierOf, objectsOf, refsOf, storedOf } from './memory.ts';
import { beginRollout, look, roll } from './roll.ts';
import { addressOf, handModeOf, isAdmitted, namesOf, type Run, whoseOf } from './run.ts';
import { running, settle } from './settle.ts';
import { take } from './take.ts';
import { absent, uninstallFailed } from './uninstall.ts';

/**
 * Brings one release a step nearer to what its ChartRelease asks for, starting from what the cluster has, whatever the
 * last run did:
 *
 *   resolve ─▶ observe ─▶ values ─▶ decide ─▶ [ pull ─▶ render ─▶ crds ─▶ plan ─▶ take ─▶ preflight ─▶ open | stored manifest ]
 *     ─▶ pre hooks ─▶ apply ─▶ wait ─▶ post hooks ─▶ prune ─▶ close         (roll.ts)
 *
 * What a person's helm has made stays (by-hand.ts), and a helm that is at work is waited for (busy.ts).
 * A revision that fails is undone by the next run, or stays, as `decide` says; so is one brought back that a person holds (go-back.ts).
 *
 * Rejects with the errors of ports and stages (ports/errors.ts).
 */
export const reconcile = async (deps: Deps, release: ChartRelease, signal: AbortSignal): Promise<Outcome> => {
  const run: Run = { release, key: keyOf(release.metadata), address: addressOf(release), names: namesOf(release.metadata), request: openRequest(release), signal };
  deps.homes.settle(run.key, run.address);
  const pin = pinOf(release.metadata.annotations);
  if (pin.kind === 'Invalid') return { reason: 'PinInvalid', message: pin.message };
  if (pin.kind === 'Pinned') return holdPinned(deps, run, pin.revision);
  const source = await resolve(deps, release, { fresh: run.request !== undefined || isResumed(release) }, signal).catch(asValue);
  const records = await observe(deps.records, run.address, signal);
  if (source instanceof Error) return makeDo(deps, run, records, source);
  const given = await values(deps.sources, release, signal).catch(asValue);
  if (given instanceof Error) return makeDo(deps, run, records, given);
  return act(deps, run, { source, target: targetOf(run, source, given), records, given });
};

const act = async (deps: Deps, run: Run, deciding: Deciding): Promise<Outcome> => {
  const { target, records } = deciding;
  const decision = decide(records, target, deps.clock.now());
  switch (decision.kind) {
    case 'Refuse':
      return refuse(deps, run, deciding, decision);
    case 'Busy':
      return (await waitForHelm(deps, run, { records, record: decision.record, owner: target })) ?? act(deps, run, { ...deciding, target: { ...target, isTakenOver: true } });
    case 'Keep':
      return keep(run, target, await keepDeployed(deps, run, records, decision, target.reference));
    case 'KeepByHand':
      return keep(run, target, await keepByHand(deps, run, { records, reference: target.reference }, decision));
    case 'Start':
      return remedied(deps, target, await start(deps, run, deciding, decision));
    case 'Continue':
      return remedied(deps, target, await goOn(deps, run, records, decision.record));
    case 'GoBack':
      return remedied(deps, target, await goBack(deps, run, records, decision));
    case 'Uninstall':
      return uninstallFailed(deps, run);
    case 'Absent':
      return absent(deps, run, records, decision.failed);
  }
};

/** A revision that has just failed, and is to be undone, or tried again later: the next run sees to it. */
const remedied = (deps: Deps, target: Target, outcome: Outcome): Outcome => {
  const newest = outcome.records?.at(-1);
  if (outcome.records === undefined || newest?.status !== 'failed') return outcome;
  if (newest.notes?.returns?.kind === 'Failed') return { ...outcome, triedAgain: { at: triedAgainAt(newest), failures: newest.notes.returns.failed.attempt } };
  const next = decide(outcome.records, { ...target, request: undefined }, deps.clock.now());
  return next.kind === 'GoBack' || next.kind === 'Uninstall' ? { ...outcome, lookAgainAfterMs: 0 } : outcome;
};

/** A person holds a revision: neither tag nor values are looked at. */
const holdPinned = async (deps: Deps, run: Run, pin: number, isTakenOver = false): Promise<Outcome> => {
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

type Deciding = { readonly source: Source; readonly target: Target; readonly records: readonly RecordHead[]; readonly given: GivenValues };
type Start = Extract<Decision, { readonly kind: 'Start' }>;
type Keep = Extract<Decision, { readonly kind: 'Keep' }>;
type Refuse = Extract<Decision, { readonly kind: 'Refuse' }>;

/** Nothing can be done now. Who was about to write where another ChartRelease was faster has nothing there, and must not claim it later. */
const refuse = (deps: Deps, { key, release, address }: Run, { target, records }: Omit<Deciding, 'source' | 'given'>, { reason, message }: Refuse): Outcome => {
  const own = ownRecords(records, target);
  const isTaken = reason === 'ReleaseNotOwned';
  if (isTaken) deps.contenders.wait(key, address);
  return {
    reason,
    message,
    // While it moves, what runs is elsewhere.
    ...(!target.isMoving && { records: own }),
    ...(isTaken && own.length === 0 && target.isAdmitted && { releases: (release.status.releases ?? []).filter((one) => !isSameAddress(one, address)) }),
    isWatched: isWatched({ reason }, target),
  };
};

/** What runs stays, and whether its tag can be followed at present is said. While the registry has said nothing yet, what was said of it before stands. */
const keep = ({ release }: Run, target: Target, outcome: Outcome): Outcome => {
  const trouble = target.digest === undefined ? (target.trouble ?? conditionOf(release.status.conditions, 'FetchFailed')) : target.trouble;
  if (trouble === undefined) return outcome;
  const { reason, message } = trouble;
  return { ...outcome, fetchTrouble: { reason, message }, ...(reason === 'AuthenticationFailed' && { lookAgainAfterMs: CREDENTIAL_PAUSE_MS }) };
};

/** What is asked for runs. What a crash, or somebody's edit, may have left undone is done now. */
const keepDeployed = async (deps: Deps, run: Run, records: readonly RecordHead[], { deployed, stale }: Keep, reference: string): Promise<Outcome> => {
  const { address, release, signal } = run;
  deps.rollouts.forget(run.key);
  await admit(deps.releases, release, address, signal);
  const left = stale.length === 0 ? records : await tidy(deps.records, address, records, release.spec.historyLimit, signal);
  const isReported = release.status.revision === deployed.revision && release.status.inventory !== undefined && release.status.releases?.length === 1;
  const inventory = isReported ? undefined : refsOf((await storedOf(deps, run, deployed)).planned);
  const outcome = await settle(deps, run, { record: deployed, reference, records: left, inventory });
  return { ...outcome, ...(await watchOver(deps, run, { record: deployed, inventory })) };
};

/** A new revision. When it cannot be begun, the one that is under way is brought to its end: that is better than neither. */
const start = async (deps: Deps, run: Run, deciding: Deciding, decision: Start): Promise<Outcome> => {
  try {
    gate(deps, run);
    const braked = deps.brake.hold(run, decision.digest, deps.clock.now());
    if (braked !== undefined) return await rest(deps, run, deciding, braked);
    const prepared = await prepare(deps, run, deciding, decision);
    return 'reason' in prepared ? prepared : await begin(deps, run, decision, prepared);
  } catch (error) {
    const stands = reasonOf(error) === 'RendererUnavailable' ? standing(deciding.records, deciding.target) : undefined;
    if (stands !== undefined && error instanceof Error) return stay(run, deciding, stands, error.message);
    return await fallBack(deps, run, deciding.records, underWayOf(deciding.records, run), error);
  }
};

const begin = async (deps: Deps, run: Run, decision: Start, prepared: Prepared): Promise<Outcome> => {
  const { address, signal } = run;
  const { revision, action, digest, abandoned } = decision;
  const { rendered, planned, earlier, notes, records } = prepared;
  const left = await makeRoom(deps, run, records, { planned, earlier });
  const firstDeployed = earlier[0]?.firstDeployed ?? timestamp(deps.clock.now());
  const content = { ...rendered.recordParts, manifest: rendered.manifest, helmNotes: rendered.notes };
  const record = await open(deps, { address, revision, notes, renderedFor: rendered.renderedFor, content, abandoned, firstDeployed }, signal);
  deps.logger.info({ ...run.names, revision, digest, trigger: notes.trigger }, `opened ${action} of ${notes.chartName} ${notes.chartVersion}`);
  return roll(deps, run, beginRollout(deps, run, record, { planned, earlier, firstDeployed, hookEvents: rendered.hooks.flatMap(({ events }) => events) }), planned, [
    ...left,
    record,
  ]);
};

/** Everything that can go wrong without a write of the release goes wrong here. */
const prepare = async (deps: Deps, run: Run, { source, target, records, given }: Deciding, decision: Start): Promise<Prepared | Outcome> => {
  const { release, address, signal } = run;
  const { revision, action, digest } = decision;
  const chart = await pull(deps.charts, source, digest, signal);
  const rendered = await render(deps, { release, address, chart, values: given.documents, revision, action }, signal);
  const isAdopting = records.length > 0 && ownRecords(records, target).length === 0;
  await admit(deps.releases, release, address, signal, { isAdopting });
  if (release.spec.createNamespace) await namespace(deps.cluster, address.namespace, signal);
  const deployed = deployedOf(records)?.notes;
  const waiting = await define(deps, run, { decision, deployed, rendered });
  if (waiting !== undefined) return { ...waiting, records: ownRecords(records, target) };
  const planned = await plan(deps.cluster, rendered.objects, address.namespace, signal);
  const earlier = await earlierOf(deps, { release, address, signal }, records);
  const taken = await take(deps, run, { planned, earlier, records, isAdopting });
  const notes = notesOf(release, target, decision, rendered.chart);
  const { force } = release.spec;
  // What templates look up may make another manifest of the same inputs.
  const isAlike = rendered.renderedFor.lookups.length === 0;
  const step = deployed !== undefined && isAlike ? { from: deployed, to: notes, force } : undefined;
  const before = objectsOf(earlier.filter(({ record }) => record.status === 'deployed'));
  const toCheck = { planned, hooks: hooksOf(rendered, action), namespace: address.namespace, deployed: before, force };
  await deps.accepted.check(step, async (isAccepted) => {
    const immovable = await preflight(deps.cluster, { ...toCheck, isAccepted }, signal);
    await Promise.all(immovable.map((one) => checkAnew(deps.cluster, one, whoseOf(run), signal)));
  });
  return { rendered, planned, earlier, notes, records: taken };
};

interface Prepared {
  readonly rendered: Rendered & { readonly renderedFor: RenderedFor };
  readonly planned: readonly PlannedObject[];
  readonly earlier: readonly Earlier[];
  readonly notes: RevisionNotes;
  /** As they are once the release is taken. */
  readonly records: readonly RecordHead[];
}

/** A revision that is open already, perhaps by a process that is gone: its stored manifest is what counts. */
const goOn = async (deps: Deps, run: Run, records: readonly RecordHead[], record: RecordHead): Promise<Outcome> => {
  const known = deps.rollouts.of(run, record);
  // Who wishes for a look at a revision that has failed wants more than a look.
  const isOnceMore = record.status === 'failed' && isRequested(record, run.request);
  if (known?.applied !== undefined && !isOnceMore) return look(deps, run, { ...known, applied: known.applied }, records);
  await admit(deps.releases, run.release, run.address, run.signal);
  const { planned, hookEvents, firstDeployed } = await storedOf(deps, run, record);
  const others = records.filter((one) => one !== record);
  const rollout = beginRollout(deps, run, record, { planned, hookEvents, firstDeployed, earlier: await earlierOf(deps, run, others) });
  return roll(
    deps,
    run,
    known === undefined || isOnceMore ? { ...rollout, isOnceMore } : { ...rollout, since: known.since, completed: known.completed, isOnceMore: known.isOnceMore },
    planned,
    records,
  );
};

/** Hooks that run with this action. */
const hooksOf = ({ hooks }: Rendered, action: RevisionNotes['action']): Rendered['hooks'] => hooks.filter(({ events }) => events.some((event) => event.endsWith(`-${action}`)));

/** What runs is what was asked for until the tag moved, and nothing is wrong with what it points at now: it stays, and stays Ready. */
const stay = ({ release }: Run, { target, records }: Deciding, record: RecordHead, message: string): Outcome => ({
  ...running(release, { record, reference: target.reference, records }),
  fetchTrouble: { reason: 'RendererUnavailable', message },
  isRetried: true,
});

/** A new revision has to wait for what becomes of others. One that is under way goes on; what else runs is left as it is. */
const rest = async (deps: Deps, run: Run, { target, records }: Deciding, braked: Braked): Promise<Outcome> => {
  const underWay = underWayOf(records, run);
  if (underWay !== undefined) return fallBack(deps, run, records, underWay, new StageError(braked.reason, braked.message));
  return { ...braked, isStanding: standing(records, target) !== undefined, isRequestOpen: braked.reason === 'RolloutQueued' };
};

/** What is asked for cannot be told now, and the error says why: what is under way is brought to its end, and what failed is undone, all the same. */
const makeDo = async (deps: Deps, run: Run, records: readonly RecordHead[], error: Error): Promise<Outcome> => {
  const failed = newestOf(records, run);
  const [reason, { onFailure }] = [reasonOf(error), run.release.spec];
  const remedy = failed?.status === 'failed' ? remedyFor(records, failed, onFailure) : undefined;
  if (failed === undefined || remedy?.kind !== 'Rollback' || reason === undefined || reason === 'ClusterUnavailable')
    return fallBack(deps, run, records, underWayOf(records, run), error);
  const outcome = await goBack(deps, run, records, { kind: 'GoBack', revision: failed.revision + 1, to: remedy.to, failed, abandoned: [] });
  return { ...outcome, fetchTrouble: { reason, message: error.message } };
};

/** Brings the revision that is under way, if there is one, to its end, and says why it is not the new one. */
const fallBack = async (deps: Deps, run: Run, records: readonly RecordHead[], underWay: RecordHead | undefined, error: unknown): Promise<Outcome> => {
  const reason = reasonOf(error);
  if (underWay === undefined || reason === undefined || reason === 'ClusterUnavailable' || !(error instanceof Error)) throw error;
  const outcome = await goOn(deps, run, records, underWay);
  return { ...outcome, fetchTrouble: { reason, message: error.message }, lookAgainAfterMs: Math.min(outcome.lookAgainAfterMs ?? STRANDED_PAUSE_MS, STRANDED_PAUSE_MS) };
};

const targetOf = ({ release, address, request }: Run, source: Source, { digest: valuesDigest }: GivenValues): Target => ({
  uid: release.metadata.uid,
  chartRelease: keyOf(release.metadata),
  generation: release.metadata.generation,
  address,
  reference: printReference(source.reference),
  valuesDigest,
  digest: source.digest,
  deployedDigest: isSettled(release) ? (release.status.chart?.digest ?? lastTold(release.status.history ?? [])?.digest) : undefined,
  trouble: source.trouble,
  isAdmitted: isAdmitted(release, address),
  isMoving: isMoving(release, address),
  onFailure: release.spec.onFailure,
  request,
  handMode: handModeOf(release),
  told: release.status.history ?? [],
  isTakenOver: false,
});

const asValue = (error: unknown): Error => {
  if (error instanceof Error) return error;
  throw error;
};

/** The revision of ours that is open, where nothing newer is there. */
const underWayOf = (records: readonly RecordHead[], run: Run): RecordHead | undefined => {
  const newest = newestOf(records, run);
  return newest !== undefined && isPending(newest.status) ? newest : undefined;
};

/** The newest revision, where we made it. */
const newestOf = (records: readonly RecordHead[], { release, key, address }: Run): RecordHead | undefined => {
  const newest = ownRecords(records, { uid: release.metadata.uid, chartRelease: key, isAdmitted: isAdmitted(release, address) }).at(-1);
  return newest === records.at(-1) && newest?.notes !== undefined ? newest : undefined;
};

/** Another Helm release than the present one was written last: the objects may be as that one wants them. */
const isMoving = ({ status }: ChartRelease, { namespace, releaseName }: Run['address']): boolean => {
  const last = status.releases?.at(-1);
  return last !== undefined && (last.namespace !== namespace || last.releaseName !== releaseName);
};

/** What somebody asks for since the last look that was reported. */
const openRequest = ({ metadata, status }: ChartRelease): string | undefined => {
  const request = requestedAt(metadata.annotations);
  return request === status.lastHandledReconcileAt ? undefined : request;
};

/** Nobody has looked at the tag while the release was suspended, unless another one follows it. */
const isResumed = ({ status }: ChartRelease): boolean => conditionOf(status.conditions, 'Suspended') !== undefined;

/** The spec as it is now is deployed, by the word of status. */
const isSettled = ({ metadata, status }: ChartRelease): boolean => status.observedGeneration === metadata.generation && conditionOf(status.conditions, 'Ready')?.status === 'True';

const notesOf = (release: ChartRelease, target: Target, decision: Start, chart: Rendered['chart']): RevisionNotes => ({
  uid: release.metadata.uid,
  chartRelease: target.chartRelease,
  generation: release.metadata.generation,
  reference: target.reference,
  chartDigest: decision.digest,
  valuesDigest: target.valuesDigest,
  chartName: chart.name,
  chartVersion: chart.version,
  appVersion: chart.appVersion,
  action: decision.action,
  trigger: decision.trigger,
  attempt: decision.attempt,
  request: target.request ?? '',
  returns: undefined,
});

/** The tag watcher wakes the release when its trouble ends; new credentials it learns only from a run of the release. */
const isWatched = ({ reason }: { readonly reason: string }, target: Target): boolean => reason === target.trouble?.reason && reason !== 'AuthenticationFailed';

/** How soon a digest that could not be begun is tried again once the revision before it has ended. */
const STRANDED_PAUSE_MS = 10_000;
const CREDENTIAL_PAUSE_MS = 60_000;
