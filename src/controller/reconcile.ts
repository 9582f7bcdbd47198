import type { ChartRelease } from '../api/chart-release.ts';
import { conditionOf } from '../core/conditions.ts';
import { keyOf } from '../core/object-ref.ts';
import { objectsToPrune } from '../core/plan.ts';
import type { RecordHead, RevisionNotes } from '../core/record.ts';
import { printReference } from '../core/reference.ts';
import { type Decision, decide, ownRecords, type Target } from '../core/release-state.ts';
import { requestedAt } from '../core/request.ts';
import type { Outcome } from '../core/status.ts';
import { valuesDigest } from '../core/values.ts';
import type { Source } from '../ports/registry.ts';
import type { Rendered } from '../ports/renderer.ts';
import { admit } from '../stages/admit.ts';
import { tidy } from '../stages/close.ts';
import { crds } from '../stages/crds.ts';
import { observe } from '../stages/observe.ts';
import { open } from '../stages/open.ts';
import { plan } from '../stages/plan.ts';
import { preflight } from '../stages/preflight.ts';
import { pull } from '../stages/pull.ts';
import { render } from '../stages/render.ts';
import { resolve } from '../stages/resolve.ts';
import type { Deps } from './deps.ts';
import { makeRoom } from './make-room.ts';
import { earlierOf, objectsOf, planOf } from './memory.ts';
import { roll } from './roll.ts';
import { addressOf, namesOf, type Run } from './run.ts';
import { settle } from './settle.ts';

/**
 * Brings one release a step nearer to what its ChartRelease asks for, starting from what the cluster has, whatever the
 * last run did:
 *
 *   resolve ─▶ observe ─▶ decide ─▶ [ pull ─▶ render ─▶ crds ─▶ plan ─▶ open | stored manifest ]
 *     ─▶ apply ─▶ wait ─▶ prune ─▶ close                                    (roll.ts)
 *
 * Hooks will run before apply and after wait. Rejects with the errors of ports and stages (ports/errors.ts).
 */
export const reconcile = async (deps: Deps, release: ChartRelease, signal: AbortSignal): Promise<Outcome> => {
  const run: Run = { release, key: keyOf(release.metadata), address: addressOf(release), names: namesOf(release.metadata), signal };
  const isWished = requestedAt(release.metadata.annotations) !== release.status.lastHandledReconcileAt;
  const source = await resolve(deps, release, { fresh: isWished }, signal);
  const records = await observe(deps.records, run.address, signal);
  const target = targetOf(run, source);
  const decision = decide(records, target);
  switch (decision.kind) {
    case 'Refuse':
      return { reason: decision.reason, message: decision.message, records: ownRecords(records, target), isWatched: isWatched(decision, target) };
    case 'Keep':
      return keep(deps, run, target, records, decision);
    case 'Start':
      return start(deps, run, { source, target, records }, decision);
    case 'Continue':
      return goOn(deps, run, records, decision.record);
  }
};

type Deciding = { readonly source: Source; readonly target: Target; readonly records: readonly RecordHead[] };
type Start = Extract<Decision, { readonly kind: 'Start' }>;
type Keep = Extract<Decision, { readonly kind: 'Keep' }>;

/** What is asked for runs. What a crash may have left undone is done now. */
const keep = async (deps: Deps, run: Run, target: Target, records: readonly RecordHead[], { deployed, stale }: Keep): Promise<Outcome> => {
  const { address, release, signal } = run;
  deps.rollouts.forget(run.key);
  const left = stale.length === 0 ? records : await tidy(deps.records, address, records, release.spec.historyLimit, signal);
  const isReported = release.status.revision === deployed.revision && release.status.inventory !== undefined && release.status.releases?.length === 1;
  const planned = isReported ? undefined : await planOf(deps, run, deployed);
  const outcome = await settle(deps, run, { record: deployed, reference: target.reference, records: left, planned });
  if (target.trouble === undefined) return outcome;
  return { ...outcome, fetchTrouble: target.trouble, ...(!isWatched(target.trouble, target) && { lookAgainAfterMs: CREDENTIAL_PAUSE_MS }) };
};

/** A new revision. Everything that can go wrong without a write of the release goes wrong before `open`. */
const start = async (deps: Deps, run: Run, { source, target, records }: Deciding, decision: Start): Promise<Outcome> => {
  const { release, address, signal } = run;
  const { revision, action, digest, abandoned } = decision;
  const chart = await pull(deps.charts, source, digest, signal);
  const rendered = await render(deps, { release, address, chart, revision, action }, signal);
  await admit(deps.releases, release, address, signal);
  const unserved = await crds(deps.cluster, rendered.crds, signal);
  if (unserved !== undefined) return { reason: 'Progressing', message: `waiting for CustomResourceDefinition ${unserved} to be served`, records, lookAgainAfterMs: CRD_PAUSE_MS };
  const planned = await plan(deps.cluster, rendered.objects, address.namespace, signal);
  const earlier = await earlierOf(deps, run, records);
  const notes = notesOf(release, target, decision, rendered.chart);
  const isAccepted = action === 'upgrade' && deps.accepted.has(notes);
  await preflight(deps.cluster, { planned, earlier: objectsOf(earlier), owner: release.metadata, isAccepted }, signal);
  deps.accepted.add(notes);
  const left = await makeRoom(deps, run, records, { planned, earlier });
  const record = await open(deps, { address, revision, notes, rendered, abandoned, firstDeployed: earlier[0]?.firstDeployed }, signal);
  deps.logger.info({ ...run.names, revision, digest, trigger: notes.trigger }, `opened ${action} of ${notes.chartName} ${notes.chartVersion}`);
  const rollout = deps.rollouts.begin(run, record, planned, objectsToPrune(objectsOf(earlier), planned));
  return roll(deps, run, rollout, [...left, record]);
};

/** A revision that is open already, perhaps by a process that is gone: its stored manifest is what counts. */
const goOn = async (deps: Deps, run: Run, records: readonly RecordHead[], record: RecordHead): Promise<Outcome> => {
  const known = deps.rollouts.of(run, record);
  if (known !== undefined) return roll(deps, run, known, records);
  const planned = await planOf(deps, run, record);
  const earlier = await earlierOf(
    deps,
    run,
    records.filter((one) => one !== record),
  );
  const rollout = deps.rollouts.begin(run, record, planned, objectsToPrune(objectsOf(earlier), planned));
  return roll(deps, run, rollout, records);
};

const targetOf = ({ release, address }: Run, source: Source): Target => ({
  uid: release.metadata.uid,
  address,
  reference: printReference(source.reference),
  valuesDigest: valuesDigest(release.spec.values === undefined ? [] : [release.spec.values]),
  digest: source.digest,
  deployedDigest: isSettled(release) ? release.status.chart?.digest : undefined,
  trouble: source.trouble,
});

/** The spec as it is now is deployed, by the word of status. */
const isSettled = ({ metadata, status }: ChartRelease): boolean => status.observedGeneration === metadata.generation && conditionOf(status.conditions, 'Ready')?.status === 'True';

const notesOf = (release: ChartRelease, target: Target, decision: Start, chart: Rendered['chart']): RevisionNotes => ({
  uid: release.metadata.uid,
  generation: release.metadata.generation,
  reference: target.reference,
  chartDigest: decision.digest,
  valuesDigest: target.valuesDigest,
  chartName: chart.name,
  chartVersion: chart.version,
  appVersion: chart.appVersion,
  action: decision.action,
  trigger: decision.trigger,
});

/** The tag watcher wakes the release when its trouble ends; new credentials it learns only from a run of the release. */
const isWatched = ({ reason }: { readonly reason: string }, target: Target): boolean => reason === target.trouble?.reason && reason !== 'AuthenticationFailed';

const CRD_PAUSE_MS = 1_000;
const CREDENTIAL_PAUSE_MS = 60_000;
