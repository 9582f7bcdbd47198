import type { ChartReleaseStatus, TestReport } from '../api/chart-release.ts';
import { type Reason, reasonSpec } from '../api/reasons.ts';
import { conditionOf } from '../core/conditions.ts';
import { requestedAt } from '../core/request.ts';
import { nextStatus, type Outcome, QUIET_MS } from '../core/status.ts';
import { describeDamage } from '../core/story.ts';
import { canonicalJson } from '../core/values.ts';
import type { Clock } from '../ports/clock.ts';
import type { Announcement, Events } from '../ports/events.ts';
import type { Logger } from '../ports/logger.ts';
import type { ReleaseIdentity, Releases } from '../ports/releases.ts';

export interface Reporting {
  readonly releases: Releases;
  readonly events: Events;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Says in status and in an Event how a run ended: one status write, none when nothing changed. Returns when the
 * release is to be looked at again by itself, in ms, or undefined when a trigger will do.
 */
export const report = async (deps: Reporting, release: ReleaseIdentity, outcome: Outcome, signal: AbortSignal): Promise<number | undefined> => {
  const now = deps.clock.now();
  const youngMs = outcome.waitingSince === undefined || outcome.drift?.corrected !== undefined ? undefined : outcome.waitingSince + QUIET_MS - now;
  if (youngMs !== undefined && youngMs > 0) return Math.min(youngMs, outcome.lookAgainAfterMs ?? youngMs);
  const reconcileAt = requestedAt(release.metadata.annotations);
  const next = nextStatus(release.status, outcome, { generation: release.metadata.generation, reconcileAt, now, random: deps.clock.random() });
  if (canonicalJson(next.status) !== canonicalJson(release.status)) {
    await deps.releases.saveStatus(release, next.status, signal);
    logTrouble(deps.logger, release, next.status);
    for (const announcement of announcements(release.status, next.status, outcome)) deps.events.announce(release, announcement);
  }
  // Each one is news, also where no entry of the history is left that could count it.
  if (outcome.drift?.corrected !== undefined) deps.events.announce(release, announcement('Normal', 'DriftCorrected', outcome.drift.corrected, next.status));
  return next.lookAgainAfterMs;
};

/** One line when trouble begins or becomes another, none for each look at the same. */
const logTrouble = (logger: Logger, { metadata, status }: ReleaseIdentity, after: ChartReleaseStatus): void => {
  const ready = conditionOf(after.conditions, 'Ready');
  if (ready?.status !== 'False' || ready.reason === 'RolloutQueued' || !hasNews(status, after, 'Ready')) return;
  const { namespace, name } = metadata;
  logger.warn({ namespace, name, reason: ready.reason, error: ready.message }, 'the release is not as it should be');
};

const announcements = (before: ChartReleaseStatus, after: ChartReleaseStatus, outcome: Outcome): readonly Announcement[] => {
  const all: Announcement[] = [];
  const { event } = reasonSpec(outcome.reason);
  if (event !== 'None' && hasNews(before, after, 'Ready')) all.push(announcement(event, outcome.reason, conditionOf(after.conditions, 'Ready')?.message ?? '', after));
  const { fetchTrouble } = outcome;
  if (fetchTrouble !== undefined && hasNews(before, after, 'FetchFailed')) all.push(announcement('Warning', fetchTrouble.reason, fetchTrouble.message, after));
  const { test } = after;
  // Where it fails the revision, that is said already.
  if (test !== undefined && test.revision !== before.test?.revision && outcome.reason !== 'TestFailed') all.push(testAnnouncement(test, after));
  for (const { revision, damage } of damagedSince(before, after)) all.push(announcement('Warning', 'RecordInvalid', describeDamage(revision, damage), after));
  const claim = outcome.drift?.claim;
  // Where it is why the release is not Ready as it was, that is said already.
  if (claim !== undefined && claim.reason !== outcome.reason && isOtherDrift(before, after)) all.push(announcement('Warning', claim.reason, claim.message, after));
  const expiring = outcome.expiry?.claim;
  if (expiring !== undefined && conditionOf(before.conditions, 'CredentialExpiring')?.message !== expiring.message)
    all.push(announcement('Warning', expiring.reason, expiring.message, after));
  return all;
};

/** What is fought over is announced once, though its words change. */
const isOtherDrift = (before: ChartReleaseStatus, after: ChartReleaseStatus): boolean => {
  const [was, is] = [conditionOf(before.conditions, 'Drifted'), conditionOf(after.conditions, 'Drifted')];
  return was?.reason !== is?.reason || (is?.reason === 'DriftDetected' && was?.message !== is.message);
};

const testAnnouncement = ({ outcome, runs, message }: TestReport, after: ChartReleaseStatus): Announcement =>
  outcome === 'Failed'
    ? announcement('Warning', 'TestFailed', message ?? '', after)
    : announcement('Normal', 'TestSucceeded', `${runs.length === 1 ? '1 test' : `${runs.length} tests`} succeeded: ${runs.map(({ name }) => name).join(', ')}`, after);

/** Records that were found unreadable now. */
const damagedSince = (before: ChartReleaseStatus, after: ChartReleaseStatus): readonly { readonly revision: number; readonly damage: string }[] =>
  (after.history ?? []).flatMap(({ revision, damage }) => {
    const isNews = damage !== undefined && before.history?.find((entry) => entry.revision === revision)?.damage === undefined;
    return isNews ? [{ revision, damage }] : [];
  });

/** A success is news when another revision runs, trouble when it is another one: not whenever the words change. */
const hasNews = (before: ChartReleaseStatus, after: ChartReleaseStatus, type: 'Ready' | 'FetchFailed'): boolean => {
  const [was, is] = [conditionOf(before.conditions, type), conditionOf(after.conditions, type)];
  if (type === 'Ready' && is?.status === 'True' && !RESTING.some((reason) => reason === is.reason)) return before.revision !== after.revision || isAnew(before, after);
  // A revision that fails as the one before it did is another one.
  if (type === 'Ready' && before.history?.[0]?.revision !== after.history?.[0]?.revision) return true;
  return was?.reason !== is?.reason || before.observedGeneration !== after.observedGeneration;
};

/** Reasons with which a release can be Ready that does not run what it was asked for last. */
const RESTING: readonly Reason[] = ['Suspended', 'DigestSuspect'];

/** A release that was uninstalled by hand and installed again begins with an old number. */
const isAnew = (before: ChartReleaseStatus, after: ChartReleaseStatus): boolean => {
  const [was, is] = [beganAt(before), beganAt(after)];
  return was !== undefined && is !== undefined && was !== is;
};

const beganAt = ({ revision, history }: ChartReleaseStatus): string | undefined => history?.find((entry) => entry.revision === revision)?.when;

const announcement = (type: 'Normal' | 'Warning', reason: string, message: string, status: ChartReleaseStatus): Announcement => ({
  type,
  reason,
  action: 'Reconcile',
  message,
  annotations: {
    ...(status.revision !== undefined && { 'tagalong.dev/revision': String(status.revision) }),
    ...(status.chart !== undefined && { 'tagalong.dev/chart-digest': status.chart.digest, 'tagalong.dev/chart-version': status.chart.version }),
  },
});
