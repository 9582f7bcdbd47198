import type { ChartRelease } from '../api/chart-release.ts';
import { reasonSpec } from '../api/reasons.ts';
import { reportExpiries } from '../core/credential-expiry.ts';
import { digestsIn } from '../core/kept-charts.ts';
import { keyOf } from '../core/object-ref.ts';
import { pinOf } from '../core/pin.ts';
import { isSameAddress, type RecordHead } from '../core/record.ts';
import { type Decision, decide, ownRecords, standing, type Target } from '../core/release-state.ts';
import { triedAgainAt } from '../core/remedy.ts';
import type { Outcome } from '../core/status.ts';
import { reasonOf, StageError } from '../ports/errors.ts';
import type { Source } from '../ports/registry.ts';
import { observe } from '../stages/observe.ts';
import { resolve } from '../stages/resolve.ts';
import { values } from '../stages/values.ts';
import type { Braked } from './pace/brake.ts';
import type { Deps } from './deps.ts';
import { watchOver } from './drift/drift.ts';
import { keepByHand } from './by-hand.ts';
import { waitForHelm } from './busy.ts';
import { gate } from './pace/gate.ts';
import { goBack } from './go-back.ts';
import { addressOf, namesOf, type Run } from './run.ts';
import { absent, uninstallFailed } from './leave/uninstall.ts';
import { begin } from './begin.ts';
import { outcomeOfError } from './failed.ts';
import { goOn, looseEndOf, makeDo } from './go-on.ts';
import { keepDeployed, stay, withFetchTrouble } from './keep.ts';
import { holdPinned } from './pin.ts';
import { type Deciding, isResumed, openRequest, targetOf } from './target.ts';

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
  if (pin.kind === 'Invalid') return makeDo(deps, run, await observe(deps.records, run.address, signal), new StageError('PinInvalid', pin.message));
  // No registry is asked then, so nothing has to be said of how.
  if (pin.kind === 'Pinned') return { ...(await holdPinned(deps, run, pin.revision)), expiry: {} };
  const source = await resolve(deps, release, { fresh: run.request !== undefined || isResumed(release) }, signal).catch(asValue);
  const records = await observe(deps.records, run.address, signal);
  if (source instanceof Error) return makeDo(deps, run, records, source);
  if (source.trouble === undefined) deps.stock.want(source.reference, digestsIn(records, source.reference), source);
  const expiry = reportExpiries(source.expiries, deps.clock.now(), source.renewedAt);
  try {
    return { ...(await follow(deps, run, source, records)), expiry };
  } catch (error) {
    const failed = outcomeOfError(error, signal);
    if (failed === undefined) throw error;
    return { ...failed, expiry };
  }
};

const follow = async (deps: Deps, run: Run, source: Source, records: readonly RecordHead[]): Promise<Outcome> => {
  const given = await values(deps.sources, run.release, run.signal).catch(asValue);
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
      return withFetchTrouble(run, target, await keepDeployed(deps, run, records, decision, target.reference));
    case 'KeepByHand':
      return withFetchTrouble(run, target, await keepByHand(deps, run, { records, reference: target.reference }, decision));
    case 'Start':
      return withFetchTrouble(run, target, remedied(deps, target, await start(deps, run, deciding, decision)));
    case 'Continue':
      return withFetchTrouble(run, target, remedied(deps, target, await goOn(deps, run, records, decision.record)));
    case 'GoBack':
      return withFetchTrouble(run, target, remedied(deps, target, await goBack(deps, run, records, decision)));
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
  // What the API server refuses it may take in a moment: a rollback above all is not put off for that.
  if (newest.notes?.returns?.kind === 'Failed' && reasonSpec(outcome.reason).retry === 'withBackoff') return outcome;
  if (newest.notes?.returns?.kind === 'Failed') return { ...outcome, triedAgain: { at: triedAgainAt(newest), failures: newest.notes.returns.failed.attempt } };
  const next = decide(outcome.records, { ...target, request: undefined }, deps.clock.now());
  return next.kind === 'GoBack' || next.kind === 'Uninstall' ? { ...outcome, lookAgainAfterMs: 0 } : outcome;
};

/** A new revision. When it cannot be begun, the one before it is brought to its end, or undone where it failed: that is better than neither. */
const start = async (deps: Deps, run: Run, deciding: Deciding, decision: Start): Promise<Outcome> => {
  try {
    gate(deps, run);
    const braked = deps.brake.hold(run, decision.digest, deps.clock.now());
    if (braked !== undefined) return await rest(deps, run, deciding, braked);
    return await begin(deps, run, deciding, decision);
  } catch (error) {
    // It may have been opened.
    const present = { ...deciding, records: await observe(deps.records, run.address, run.signal) };
    const stands = reasonOf(error) === 'RendererUnavailable' ? standing(present.records, present.target) : undefined;
    if (stands !== undefined && error instanceof Error) return stay(deps, run, present, stands, error.message);
    return await makeDo(deps, run, present.records, error);
  }
};

type Start = Extract<Decision, { readonly kind: 'Start' }>;

/** A new revision has to wait for what becomes of others. One that is under way goes on, and one that failed is undone; what else runs is left as it is. */
const rest = async (deps: Deps, run: Run, { target, records }: Deciding, braked: Braked): Promise<Outcome> => {
  if (looseEndOf(records, run) !== undefined) return makeDo(deps, run, records, new StageError(braked.reason, braked.message));
  const stands = standing(records, target);
  const watched = stands === undefined ? {} : await watchOver(deps, run, { record: stands, inventory: undefined });
  return { ...braked, isStanding: stands !== undefined, isRequestOpen: braked.reason === 'RolloutQueued', ...watched };
};

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

type Refuse = Extract<Decision, { readonly kind: 'Refuse' }>;

const asValue = (error: unknown): Error => {
  if (error instanceof Error) return error;
  throw error;
};

/** The tag watcher wakes the release when its trouble ends; new credentials it learns only from a run of the release. */
const isWatched = ({ reason }: { readonly reason: string }, target: Target): boolean => reason === target.trouble?.reason && reason !== 'AuthenticationFailed';
