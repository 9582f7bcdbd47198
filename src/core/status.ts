import type { ChartReleaseStatus, ChartSummary, Correction, HistoryEntry, InventoryEntry, TestReport } from '../api/chart-release.ts';
import { reasonSpec, type Reason, type ReasonSpec } from '../api/reasons.ts';
import { timestamp } from '../api/time.ts';
import { conditionOf, conditionsFor, type Claim } from './conditions.ts';
import type { ExpiryReport } from './credential-expiry.ts';
import { printDuration } from './duration.ts';
import { lastTold, lastToldBefore, toldOf } from './foreign.ts';
import type { ObjectRef } from './object-ref.ts';
import type { RecordHead, ReleaseAddress } from './record.ts';
import { parseReference, rangeIn } from './reference.ts';
import { deployedOf } from './release-state.ts';
import { retryDelayMs } from './retry.ts';
import { describeStillRunning, type HandMade } from './story.ts';
import { cut } from './words.ts';

/** How a run ended, as data: everything that status, retry and Event are made from. */
export interface Outcome {
  readonly reason: Reason;
  readonly message: string;
  /** The release's records after the run; undefined where they could not be read. */
  readonly records?: readonly RecordHead[];
  /** The reference that is followed, where a revision is deployed. */
  readonly reference?: string;
  /** Objects of the deployed revision; undefined where they did not change. */
  readonly inventory?: readonly ObjectRef[];
  /** How the tests of a revision ended; undefined where none ran. */
  readonly test?: TestReport;
  /** Addresses that may hold something of this ChartRelease; undefined where they did not change. */
  readonly releases?: readonly ReleaseAddress[];
  /** The revision that a person's helm made and that stays, or has failed. */
  readonly handMade?: HandMade;
  /** Why the tag cannot be followed at present, while what runs is right as far as is known. */
  readonly fetchTrouble?: Pick<Claim, 'reason' | 'message'>;
  /** What runs differs from what is asked for in nothing but an older digest of the same tag. */
  readonly isStanding?: boolean;
  /** A request to be looked at is not met with this: it stands. */
  readonly isRequestOpen?: boolean;
  /** What was found of drift; undefined where nobody looked. */
  readonly drift?: DriftReport;
  /** Which credentials are about to end, or have; undefined where nobody looked: what was said before stands. */
  readonly expiry?: ExpiryReport;
  /** Somebody watches for the cause to end and wakes the release: no retry of its own. */
  readonly isWatched?: boolean;
  /** It is tried again after a growing pause, though the reason itself asks for none. */
  readonly isRetried?: boolean;
  /** When what failed so often is tried again, in ms since the epoch; in place of a pause that grows with each look. */
  readonly triedAgain?: { readonly at: number; readonly failures: number };
  /** When to look again, whatever the reason's own retry says. */
  readonly lookAgainAfterMs?: number;
  /** While a revision waits for readiness: since when, in ms. A wait that is young is not worth a write. */
  readonly waitingSince?: number;
}

/** A revision that becomes ready sooner than this is worth neither a status write on its way nor a question why it is not. */
export const QUIET_MS = 2_000;

/** Where the deployed revision is not as it was applied, and what was done about it. */
export interface DriftReport {
  /** It could not be found out: what was said before stands. */
  readonly isUnknown?: boolean;
  /** Undefined where nothing has drifted. */
  readonly claim?: { readonly reason: Reason; readonly message: string };
  /** What was taken back, in words. */
  readonly corrected?: string;
  readonly lookAgainAfterMs?: number;
}

/** What the next status is made from besides the outcome. */
export interface StatusContext {
  readonly generation: number;
  readonly reconcileAt: string | undefined;
  readonly now: number;
  readonly random: number;
}

export interface NextStatus {
  readonly status: ChartReleaseStatus;
  /** When the release is looked at again by itself; undefined: on a trigger only. */
  readonly lookAgainAfterMs: number | undefined;
}

/** The status after a run. Equal to the previous one, timestamps included, when nothing happened. */
export const nextStatus = (previous: ChartReleaseStatus, outcome: Outcome, context: StatusContext): NextStatus => {
  const retry = retryOf(previous, outcome, context);
  const running = withCorrection(outcome.records === undefined ? runningBefore(previous) : runningNow(outcome.records, outcome, previous), outcome.drift, context.now);
  const claims = claimsOf(previous, { ...outcome, message: `${outcome.message}${describeUntouched(outcome, running)}` }, running);
  const drifted = outcome.drift === undefined || outcome.drift.isUnknown === true ? driftedBefore(previous, running) : outcome.drift.claim;
  if (drifted !== undefined) claims.push({ type: 'Drifted', status: 'True', reason: drifted.reason, message: drifted.message });
  const expiring = outcome.expiry === undefined ? conditionOf(previous.conditions, 'CredentialExpiring') : outcome.expiry.claim;
  if (expiring !== undefined) claims.push({ type: 'CredentialExpiring', status: 'True', reason: expiring.reason, message: expiring.message });
  const conditions = conditionsFor(claims, previous.conditions ?? [], { generation: context.generation, now: timestamp(context.now) });
  const inventory = outcome.inventory?.map(inventoryEntry) ?? previous.inventory;
  const releases = outcome.releases ?? previous.releases;
  const test = outcome.test ?? previous.test;
  const handled = (outcome.isRequestOpen === true ? undefined : context.reconcileAt) ?? previous.lastHandledReconcileAt;
  return {
    lookAgainAfterMs: earliest(outcome.lookAgainAfterMs ?? retry?.delayMs, outcome.drift?.lookAgainAfterMs, outcome.expiry?.lookAgainAfterMs),
    status: {
      observedGeneration: context.generation,
      conditions,
      ...running,
      ...(inventory !== undefined && { inventory }),
      ...(releases !== undefined && { releases }),
      ...(test !== undefined && { test }),
      ...(retry !== undefined && { failures: retry.failures, nextRetry: timestamp(context.now + retry.delayMs) }),
      ...(handled !== undefined && { lastHandledReconcileAt: handled }),
    },
  };
};

const claimsOf = (previous: ChartReleaseStatus, outcome: Outcome, running: Running): Claim[] => {
  const { reason, message } = outcome;
  const spec = reasonSpec(reason);
  const claims: Claim[] = [{ type: 'Ready', status: readyStatus(spec.ready, previous, outcome, running), reason, message }];
  if (spec.also !== undefined) claims.push({ type: spec.also, status: 'True', reason, message });
  if (outcome.fetchTrouble !== undefined) claims.push({ type: 'FetchFailed', status: 'True', ...outcome.fetchTrouble });
  return claims;
};

const readyStatus = (ready: ReasonSpec['ready'], previous: ChartReleaseStatus, { isStanding }: Outcome, running: Running): Claim['status'] => {
  switch (ready) {
    case 'True':
    case 'False':
    case 'Unknown':
      return ready;
    case 'AsBefore':
      return isUntouched(running) ? readyBefore(previous) : 'False';
    case 'Standing':
      return isStanding === true ? 'True' : 'False';
  }
};

/** What nobody has looked at stays as it was, but for a revision that has been begun since: nothing of that is drift. */
const driftedBefore = (previous: ChartReleaseStatus, { revision, history }: Running): Pick<Claim, 'reason' | 'message'> | undefined =>
  previous.revision === revision && previous.history?.[0]?.revision === history?.[0]?.revision ? conditionOf(previous.conditions, 'Drifted') : undefined;

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/** What is not ready, or on its way to be, does not become so while nothing is done. */
const readyBefore = ({ conditions }: ChartReleaseStatus): 'True' | 'False' => (conditionOf(conditions, 'Ready')?.status === 'True' ? 'True' : 'False');

const retryOf = (previous: ChartReleaseStatus, outcome: Outcome, context: StatusContext): { readonly failures: number; readonly delayMs: number } | undefined => {
  if (outcome.triedAgain !== undefined) return { failures: outcome.triedAgain.failures, delayMs: Math.max(0, outcome.triedAgain.at - context.now) };
  if (!isTriedAgain(outcome)) return undefined;
  const isSameRequest = previous.observedGeneration === context.generation;
  const failures = (isSameRequest ? (previous.failures ?? 0) : 0) + 1;
  return { failures, delayMs: outcome.lookAgainAfterMs ?? retryDelayMs(failures, context.random, reasonSpec(outcome.reason).retryWithinMs) };
};

/** What a failure, or a rest, has left as it was: the deployed revision, unless a later one has been begun, which may have changed its objects. */
const describeUntouched = ({ reason }: Outcome, running: Running): string => {
  const { revision, chart } = running;
  const isLeft = ['False', 'AsBefore', 'Standing'].includes(reasonSpec(reason).ready) && !GOING.has(reason) && isUntouched(running);
  return isLeft && revision !== undefined && chart !== undefined ? describeStillRunning(revision, chart) : '';
};

/** What runs may be on its way out, or gone with its namespace. */
const GOING: ReadonlySet<Reason> = new Set(['UninstallFailed', 'NamespaceNotFound']);

/** No later revision than the deployed one has been begun. */
const isUntouched = ({ revision, history }: Running): boolean => history?.[0]?.revision === revision;

const isTriedAgain = ({ reason, isRetried, isWatched }: Outcome): boolean => isWatched !== true && (isRetried === true || reasonSpec(reason).retry === 'withBackoff');

type Running = Pick<ChartReleaseStatus, 'chart' | 'revision' | 'history'>;

const runningBefore = ({ chart, revision, history }: ChartReleaseStatus): Running => ({
  ...(chart !== undefined && { chart }),
  ...(revision !== undefined && { revision }),
  ...(history !== undefined && { history }),
});

/** What was corrected in place is told of the revision that is deployed: it makes none of its own. */
const withCorrection = (running: Running, { corrected }: DriftReport = {}, now: number): Running => {
  if (corrected === undefined || running.history === undefined) return running;
  const history = running.history.map((entry) => (entry.revision === running.revision ? { ...entry, corrected: correctionAfter(entry.corrected, corrected, now) } : entry));
  return { ...running, history };
};

const correctionAfter = (before: Correction | undefined, what: string, now: number): Correction => ({
  times: (before?.times ?? 0) + 1,
  when: timestamp(now),
  what: cut(what, MOST_WORDS),
});

const MOST_WORDS = 300;

const runningNow = (records: readonly RecordHead[], { reference, handMade }: Outcome, previous: ChartReleaseStatus): Running => {
  const deployed = deployedOf(records);
  const told = previous.history ?? [];
  const chart = deployed === undefined ? undefined : (chartSummary(deployed, reference) ?? chartToldOf(deployed, handMade, previous));
  return {
    ...(chart !== undefined && { chart }),
    ...(deployed !== undefined && { revision: deployed.revision }),
    history: withLastAsked(records.flatMap((record) => historyEntry(record, told, handMade)).reverse(), records, told),
  };
};

/** While a person's helm made the newest revision, what was asked for before it must not be forgotten: helm may drop the record that says it. */
const withLastAsked = (history: readonly HistoryEntry[], records: readonly RecordHead[], told: readonly HistoryEntry[]): readonly HistoryEntry[] => {
  const isHelms = records.length > 0 && records.at(-1)?.notes === undefined;
  const last = isHelms && lastTold(history) === undefined ? lastToldBefore(records, told) : undefined;
  return last === undefined ? history : [...history, last];
};

const chartSummary = ({ notes }: RecordHead, reference: string | undefined): ChartSummary | undefined => {
  if (notes === undefined) return undefined;
  const followed = reference ?? notes.reference;
  const parsed = parseReference(followed);
  const tag = parsed.kind === 'Reference' ? parsed.reference.tag : notes.tag;
  const range = rangeIn(followed);
  return {
    name: notes.chartName,
    version: notes.chartVersion,
    ...(notes.appVersion !== '' && { appVersion: notes.appVersion }),
    ...(notes.chartDigest !== '' && { digest: notes.chartDigest }),
    ...(tag !== undefined && { tag }),
    ...(range !== undefined && { range }),
  };
};

/** Of a revision without notes of ours: a person's, or one of which helm has dropped them. */
const chartToldOf = (deployed: RecordHead, handMade: HandMade | undefined, { revision, chart }: ChartReleaseStatus): ChartSummary | undefined => {
  if (handMade?.revision !== deployed.revision) return revision === deployed.revision ? chart : undefined;
  const { chartName, chartVersion, appVersion } = handMade.chart;
  return { name: chartName, version: chartVersion, ...(appVersion !== '' && { appVersion }) };
};

/** Stock helm drops our notes from a record that it rewrites: what was told of that revision before still holds. */
const historyEntry = (record: RecordHead, told: readonly HistoryEntry[], handMade: HandMade | undefined): readonly HistoryEntry[] => {
  const before = toldOf(record, told);
  if (record.notes === undefined && before !== undefined) return [{ ...before, outcome: record.status }];
  if (record.notes === undefined) return handMade?.revision === record.revision ? [handMadeEntry(record, handMade)] : [];
  return [
    {
      revision: record.revision,
      ...(record.notes.chartDigest !== '' && { digest: record.notes.chartDigest, values: record.notes.valuesDigest }),
      chartVersion: record.notes.chartVersion,
      ...(record.notes.appVersion !== '' && { appVersion: record.notes.appVersion }),
      action: record.notes.action,
      trigger: record.notes.trigger,
      outcome: record.status,
      when: whenOf(record),
      ...(record.endedAt !== undefined && { duration: printDuration((record.endedAt - record.createdAt) * 1000) }),
      ...(before?.corrected !== undefined && { corrected: before.corrected }),
      ...(record.damage !== undefined && { damage: record.damage }),
    },
  ];
};

const handMadeEntry = (record: RecordHead, { chart, description }: HandMade): HistoryEntry => ({
  revision: record.revision,
  chartVersion: chart.chartVersion,
  ...(chart.appVersion !== '' && { appVersion: chart.appVersion }),
  action: description.startsWith('Rollback') ? 'rollback' : 'upgrade',
  trigger: 'ChangedByHand',
  outcome: record.status,
  when: whenOf(record),
});

const whenOf = ({ createdAt }: RecordHead): string => timestamp(createdAt * 1000);

const inventoryEntry = (ref: ObjectRef): InventoryEntry => ({
  apiVersion: ref.apiVersion,
  kind: ref.kind,
  ...(ref.namespace !== '' && { namespace: ref.namespace }),
  name: ref.name,
});
