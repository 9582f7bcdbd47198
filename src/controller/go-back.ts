import { chartIn } from '../core/chart-metadata.ts';
import { eventsIn, withoutRuns } from '../core/hooks.ts';
import { stampOf } from '../core/ownership.ts';
import type { RecordHead, Return, RevisionNotes } from '../core/record.ts';
import type { GoBack } from '../core/release-state.ts';
import { failureOf } from '../core/remedy.ts';
import type { Outcome } from '../core/status.ts';
import type { RecordContent } from '../ports/records.ts';
import { admit } from '../stages/admit.ts';
import { open } from '../stages/open.ts';
import { plan } from '../stages/plan.ts';
import type { Deps } from './deps.ts';
import { makeRoom } from './make-room.ts';
import { earlierOf } from './memory.ts';
import { beginRollout, roll } from './roll.ts';
import type { Run } from './run.ts';
import { take } from './take.ts';

/**
 * Begins a revision with the manifest that an earlier one has in its record, byte for byte: nothing is pulled or rendered, so it works
 * without registry and renderer's templates, and whatever the chart would make of the cluster today. Rejects as the stages do.
 */
export const goBack = async (deps: Deps, run: Run, records: readonly RecordHead[], decision: GoBack): Promise<Outcome> => {
  const { release, address, signal } = run;
  const { to, failed, revision, abandoned } = decision;
  const content = await deps.records.read(address, to, signal);
  const why = failed === undefined ? '' : (await deps.records.read(address, failed, signal)).description;
  const objects = await deps.renderer.read(content.manifest, stampOf(release.metadata, address), signal);
  await admit(deps.releases, release, address, signal);
  const planned = await plan(deps.cluster, objects, address.namespace, signal);
  const earlier = await earlierOf(deps, run, records);
  // What is there already was accepted once; only what another one has taken meanwhile is in the way.
  const taken = await take(deps, run, { planned, earlier, records, isAdopting: false });
  const left = await makeRoom(deps, run, taken, { planned, earlier, source: to });
  // What was met with the revision that failed is met by this one too: else whoever reads an old status would try it again.
  const request = run.request ?? failed?.notes?.request ?? '';
  const notes = notesOf(run, content, to, { returns: returnOf(decision, why), request });
  const hooks = withoutRuns(content.hooks);
  const record = await open(deps, { address, revision, notes, renderedFor: undefined, content: { ...content, hooks }, abandoned, firstDeployed: content.firstDeployed }, signal);
  deps.logger.info({ ...run.names, revision, to: to.revision, trigger: notes.trigger }, `opened rollback to revision ${to.revision}`);
  const rollout = beginRollout(deps, run, record, { planned, earlier, firstDeployed: content.firstDeployed, hookEvents: eventsIn(hooks) });
  return roll(deps, run, rollout, planned, [...left, record]);
};

const returnOf = ({ manifestOf, failed }: GoBack, why: string): Return => {
  const failure = failed === undefined ? undefined : failureOf(failed, why);
  return failure === undefined ? { kind: 'Pinned', to: manifestOf } : { kind: 'Failed', to: manifestOf, failed: failure };
};

/** What that revision was, said again of this one; of one that a person's helm made no more is known than its chart. */
const notesOf = (
  { release: { metadata, spec } }: Run,
  content: RecordContent,
  { notes }: RecordHead,
  { returns, request }: Pick<RevisionNotes, 'request'> & { readonly returns: Return },
): RevisionNotes => ({
  uid: metadata.uid,
  chartRelease: `${metadata.namespace}/${metadata.name}`,
  generation: metadata.generation,
  reference: notes?.reference ?? spec.chart,
  ...(notes?.tag !== undefined && { tag: notes.tag }),
  chartDigest: notes?.chartDigest ?? '',
  valuesDigest: notes?.valuesDigest ?? '',
  ...(notes === undefined ? chartIn(content.chart) : { chartName: notes.chartName, chartVersion: notes.chartVersion, appVersion: notes.appVersion }),
  action: 'rollback',
  trigger: returns.kind === 'Failed' ? 'Rollback' : 'Pinned',
  attempt: 1,
  request,
  returns,
});
