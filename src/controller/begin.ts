import { timestamp } from '../api/time.ts';
import type { ChartRelease } from '../api/chart-release.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { RecordHead, RenderedFor, RevisionNotes } from '../core/record.ts';
import { type Decision, deployedOf, ownRecords, type Target } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import type { Rendered } from '../ports/renderer.ts';
import { admit } from '../stages/admit.ts';
import { checkAnew } from '../stages/anew.ts';
import { namespace } from '../stages/namespace.ts';
import { open } from '../stages/open.ts';
import { plan } from '../stages/plan.ts';
import { preflight } from '../stages/preflight.ts';
import { pull } from '../stages/pull.ts';
import { render } from '../stages/render.ts';
import { define } from './define.ts';
import type { Deps } from './deps.ts';
import { makeRoom } from './make-room.ts';
import { type Earlier, earlierOf, objectsOf } from './memory.ts';
import { beginRollout, roll } from './roll.ts';
import { type Run, whoseOf } from './run.ts';
import { take } from './take.ts';
import type { Deciding } from './target.ts';

/** Begins a new revision. Everything that can go wrong without a write of the release goes wrong before its record is written. Rejects as the stages do. */
export const begin = async (deps: Deps, run: Run, deciding: Deciding, decision: Start): Promise<Outcome> => {
  const prepared = await prepare(deps, run, deciding, decision);
  return 'reason' in prepared ? prepared : openAndRoll(deps, run, decision, prepared);
};

type Start = Extract<Decision, { readonly kind: 'Start' }>;

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
  if (waiting !== undefined) return { ...waiting, ...(!target.isMoving && { records: ownRecords(records, target) }) };
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

const openAndRoll = async (deps: Deps, run: Run, decision: Start, prepared: Prepared): Promise<Outcome> => {
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

interface Prepared {
  readonly rendered: Rendered & { readonly renderedFor: RenderedFor };
  readonly planned: readonly PlannedObject[];
  readonly earlier: readonly Earlier[];
  readonly notes: RevisionNotes;
  /** As they are once the release is taken. */
  readonly records: readonly RecordHead[];
}

/** Hooks that run with this action. */
const hooksOf = ({ hooks }: Rendered, action: RevisionNotes['action']): Rendered['hooks'] => hooks.filter(({ events }) => events.some((event) => event.endsWith(`-${action}`)));

const notesOf = (release: ChartRelease, target: Target, decision: Start, chart: Rendered['chart']): RevisionNotes => ({
  uid: release.metadata.uid,
  chartRelease: target.chartRelease,
  generation: release.metadata.generation,
  reference: target.reference,
  ...(target.tag !== undefined && { tag: target.tag }),
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
