import type { ChartRelease } from '../api/chart-release.ts';
import { conditionOf } from '../core/conditions.ts';
import { keyOf } from '../core/object-ref.ts';
import type { RecordHead } from '../core/record.ts';
import { lastTold } from '../core/foreign.ts';
import { isLowerTag } from '../core/chosen-tag.ts';
import { printWish } from '../core/reference.ts';
import type { Target } from '../core/release-state.ts';
import { requestedAt } from '../core/request.ts';
import type { GivenValues } from '../core/values.ts';
import type { Source } from '../ports/registry.ts';
import { isAdmitted, type Run } from './run.ts';

/** A release with all that its next step is decided on. */
export interface Deciding {
  readonly source: Source;
  readonly target: Target;
  readonly records: readonly RecordHead[];
  readonly given: GivenValues;
}

export const targetOf = ({ release, address, request }: Run, source: Source, { digest: valuesDigest }: GivenValues): Target => ({
  uid: release.metadata.uid,
  chartRelease: keyOf(release.metadata),
  generation: release.metadata.generation,
  address,
  reference: printWish(source.reference, release.spec.version),
  tag: release.spec.version === undefined ? undefined : source.reference.tag,
  isWithdrawn: isWithdrawn(release, source),
  valuesDigest,
  digest: source.digest,
  deployedDigest: isSettled(release) ? (release.status.chart?.digest ?? lastTold(release.status.history ?? [])?.digest) : undefined,
  trouble: source.trouble,
  isAdmitted: isAdmitted(release, address),
  isMoving: isMoving(release, address),
  onFailure: release.spec.onFailure,
  request,
  driftMode: release.spec.drift.mode,
  told: release.status.history ?? [],
  isTakenOver: false,
});

/** Of the same range nothing else lets a lower version be the highest. */
const isWithdrawn = ({ spec, status }: ChartRelease, { reference: { tag } }: Source): boolean => {
  const before = status.chart;
  return tag !== undefined && before?.tag !== undefined && before.range !== undefined && before.range === spec.version && isLowerTag(tag, before.tag);
};

/** What somebody asks for since the last look that was reported. */
export const openRequest = ({ metadata, status }: ChartRelease): string | undefined => {
  const request = requestedAt(metadata.annotations);
  return request === status.lastHandledReconcileAt ? undefined : request;
};

/** Nobody has looked at the tag while the release was suspended, unless another one follows it. */
export const isResumed = ({ status }: ChartRelease): boolean => conditionOf(status.conditions, 'Suspended') !== undefined;

/** Another Helm release than the present one was written last: the objects may be as that one wants them. */
export const isMoving = ({ status }: Pick<ChartRelease, 'status'>, { namespace, releaseName }: Run['address']): boolean => {
  const last = status.releases?.at(-1);
  return last !== undefined && (last.namespace !== namespace || last.releaseName !== releaseName);
};

/** The spec as it is now is deployed, by the word of status; a pin holds whatever the spec says. */
const isSettled = ({ metadata, status }: ChartRelease): boolean => {
  const ready = conditionOf(status.conditions, 'Ready');
  return status.observedGeneration === metadata.generation && ready?.status === 'True' && ready.reason !== 'Pinned';
};
