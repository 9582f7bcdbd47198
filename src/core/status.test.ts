import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChartReleaseStatus } from '../api/chart-release.ts';
import { REASONS, reasonSpec, type Reason } from '../api/reasons.ts';
import type { RecordHead, RecordStatus } from './record.ts';
import { nextStatus, type Outcome, type StatusContext } from './status.ts';

const NOW = Date.parse('2026-01-01T12:00:00.750Z');
const DIGEST = `sha256:${'ab'.repeat(32)}`;

const record = (revision: number, status: RecordStatus, notes: Partial<NonNullable<RecordHead['notes']>> = {}): RecordHead => ({
  secret: `sh.helm.release.v1.app.v${revision}`,
  revision,
  status,
  resourceVersion: '1',
  createdAt: Date.parse('2026-01-01T11:00:00Z') / 1000,
  modifiedAt: 0,
  endedAt: undefined,
  notes: {
    uid: 'uid-1',
    chartRelease: 'apps/app',
    generation: 1,
    reference: 'r.example/app:1',
    chartDigest: DIGEST,
    valuesDigest: '',
    chartName: 'app',
    chartVersion: '1.0.0',
    appVersion: '7',
    action: 'upgrade',
    trigger: 'DigestChanged',
    attempt: 1,
    request: '',
    returns: undefined,
    ...notes,
  },
});

const context = (more: Partial<StatusContext> = {}): StatusContext => ({ generation: 2, reconcileAt: undefined, now: NOW, random: 0.5, ...more });
const statusOf = (outcome: Partial<Outcome>, previous: ChartReleaseStatus = {}) =>
  nextStatus(previous, { reason: 'UpgradeSucceeded', message: 'runs', ...outcome }, context()).status;

describe('conditions of the next status', () => {
  const trouble = { reason: 'RegistryUnavailable', message: 'no answer' } as const;
  it.each<readonly [string, Partial<Outcome>, readonly string[]]>([
    ['are Ready alone when all is well', {}, ['Ready=True UpgradeSucceeded']],
    ['have Reconciling while a revision is under way', { reason: 'Progressing' }, ['Ready=Unknown Progressing', 'Reconciling=True Progressing']],
    ['have Stalled when only a change can help', { reason: 'InvalidSpec' }, ['Ready=False InvalidSpec', 'Stalled=True InvalidSpec']],
    ['are Ready alone when it is tried again', { reason: 'Forbidden' }, ['Ready=False Forbidden']],
    ['have Suspended beside a Ready that was not True', { reason: 'Suspended' }, ['Ready=False Suspended', 'Suspended=True Suspended']],
    [
      'have Reconciling beside a Ready that is True where only a newer digest has to wait',
      { reason: 'RolloutQueued', isStanding: true },
      ['Ready=True RolloutQueued', 'Reconciling=True RolloutQueued'],
    ],
    [
      'have Reconciling beside a Ready that is False where something else has to wait',
      { reason: 'DigestSuspect' },
      ['Ready=False DigestSuspect', 'Reconciling=True DigestSuspect'],
    ],
    ['have FetchFailed beside a Ready that stays True', { fetchTrouble: trouble }, ['Ready=True UpgradeSucceeded', 'FetchFailed=True RegistryUnavailable']],
  ])('%s', (_name, outcome, expected) => {
    expect(statusOf(outcome).conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual(expected);
  });

  it('carry generation and whole seconds', () => {
    expect(statusOf({}).conditions?.[0]).toEqual({
      type: 'Ready',
      status: 'True',
      reason: 'UpgradeSucceeded',
      message: 'runs',
      observedGeneration: 2,
      lastTransitionTime: '2026-01-01T12:00:00Z',
    });
  });
});

describe('what runs, in the next status', () => {
  it('says of a range which tag it has chosen, whatever it may choose since', () => {
    const records = [record(1, 'deployed', { reference: 'r/app ^1', tag: '1.2.0' })];
    expect(statusOf({ records, reference: 'r/app ^1' }).chart).toMatchObject({ tag: '1.2.0', range: '^1' });
    expect(statusOf({ records }).chart).toMatchObject({ tag: '1.2.0', range: '^1' });
  });

  it('is the deployed record, with the history newest first', () => {
    const records = [record(1, 'superseded', { action: 'install', trigger: 'Created' }), record(2, 'deployed'), record(3, 'failed')];
    const entry = { digest: DIGEST, chartVersion: '1.0.0', action: 'upgrade', trigger: 'DigestChanged', when: '2026-01-01T11:00:00Z' };
    expect(statusOf({ records })).toMatchObject({
      chart: { name: 'app', version: '1.0.0', appVersion: '7', digest: DIGEST, tag: '1' },
      revision: 2,
      history: [
        { ...entry, revision: 3, outcome: 'failed' },
        { ...entry, revision: 2, outcome: 'deployed' },
        { ...entry, revision: 1, outcome: 'superseded', action: 'install', trigger: 'Created' },
      ],
    });
  });

  it('leaves out an empty appVersion and a tag that there is not', () => {
    const { chart } = statusOf({ records: [record(1, 'deployed', { appVersion: '', reference: `r.example/app@${DIGEST}` })] });
    expect(chart).toEqual({ name: 'app', version: '1.0.0', digest: DIGEST });
  });

  it('says what it can of a deployed record without notes', () => {
    const status = statusOf({ records: [{ ...record(4, 'deployed'), notes: undefined }] });
    expect(status).toMatchObject({ revision: 4, history: [] });
    expect(status.chart).toBeUndefined();
  });

  it('still tells of a revision whose notes stock helm has dropped, and not of another one with its number', () => {
    const before = statusOf({ records: [record(1, 'superseded'), record(2, 'deployed')] });
    const bare = (of: RecordHead): RecordHead => ({ ...of, notes: undefined });
    const rolledBack = [record(1, 'superseded'), bare(record(2, 'superseded')), bare(record(3, 'deployed'))];
    expect(statusOf({ records: rolledBack }, before).history).toEqual([{ ...before.history?.[0], outcome: 'superseded' }, before.history?.[1]]);
    const later = { ...bare(record(2, 'deployed')), createdAt: record(2, 'deployed').createdAt + 3600 };
    expect(statusOf({ records: [later] }, before).history).toEqual([]);
  });

  it('is gone when no record is deployed any more', () => {
    const before = statusOf({ records: [record(1, 'deployed')] });
    const status = statusOf({ records: [record(1, 'uninstalled')] }, before);
    expect(status.revision).toBeUndefined();
    expect(status.chart).toBeUndefined();
  });

  it('stays as it was where the records could not be read', () => {
    const before = statusOf({
      records: [record(1, 'deployed')],
      inventory: [{ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'prod' }],
      releases: [{ namespace: 'prod', releaseName: 'app' }],
    });
    const { conditions: _, ...running } = before;
    expect(statusOf({ reason: 'ClusterUnavailable', message: 'no answer' }, before)).toMatchObject(running);
  });

  it('is tried again soon for as long as the API server is to blame', () => {
    const pauseFor = (reason: Outcome['reason']) => {
      const context = { generation: 1, reconcileAt: undefined, now: 0, random: 1 };
      let status: ChartReleaseStatus = {};
      for (let failures = 0; failures < 9; failures++) status = nextStatus(status, { reason, message: 'no' }, context).status;
      return nextStatus(status, { reason, message: 'no' }, context).lookAgainAfterMs;
    };
    expect([pauseFor('ClusterUnavailable'), pauseFor('Forbidden')]).toEqual([20_000, 600_000]);
  });

  it('names no namespace for objects that have none', () => {
    const inventory = [
      { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'prod' },
      { apiVersion: 'v1', kind: 'Secret', namespace: 'prod', name: 'key' },
    ];
    expect(statusOf({ inventory }).inventory).toEqual([{ apiVersion: 'v1', kind: 'Namespace', name: 'prod' }, inventory[1]]);
  });
});

describe('what a failure leaves as it was', () => {
  const messageOf = (outcome: Partial<Outcome>, previous?: ChartReleaseStatus) =>
    statusOf({ reason: 'RenderFailed', message: 'no', ...outcome }, previous).conditions?.[0]?.message;
  const running = statusOf({ records: [record(1, 'superseded'), record(2, 'deployed')] });
  it.each<readonly [string, Partial<Outcome>, ChartReleaseStatus, string]>([
    ['is told of records that were read', { records: [record(1, 'superseded'), record(2, 'deployed')] }, {}, 'no; revision 2 (app 1.0.0) keeps running'],
    ['is told of the status before where they were not', {}, running, 'no; revision 2 (app 1.0.0) keeps running'],
    ['is nothing where nothing runs', { records: [] }, running, 'no'],
    ['is not told where a later revision has been begun', { reason: 'UpgradeFailed', records: [record(1, 'deployed'), record(2, 'failed')] }, {}, 'no'],
    ['is not told of a release that is being uninstalled', { reason: 'UninstallFailed' }, running, 'no'],
    ['is not told where the namespace is gone, or going', { reason: 'NamespaceNotFound' }, running, 'no'],
    ['is not told where all is well', { reason: 'UpgradeSucceeded' }, running, 'no'],
  ])('%s', (_name, outcome, previous, message) => {
    expect(messageOf(outcome, previous)).toBe(message);
  });
});

describe('the next look', () => {
  const failing = (previous: ChartReleaseStatus, outcome: Partial<Outcome> = {}, more: Partial<StatusContext> = {}) =>
    nextStatus(previous, { reason: 'Forbidden', message: 'may not', ...outcome }, context(more));

  it('comes after a pause that grows, and says when', () => {
    const first = failing({});
    expect(first).toMatchObject({ lookAgainAfterMs: 5_500, status: { failures: 1, nextRetry: '2026-01-01T12:00:06Z' } });
    expect(failing(first.status)).toMatchObject({ lookAgainAfterMs: 11_000, status: { failures: 2 } });
  });

  it('counts afresh for a new generation', () => {
    expect(failing({ observedGeneration: 1, failures: 9 }).status.failures).toBe(1);
    expect(failing({ observedGeneration: 2, failures: 9 }).status.failures).toBe(10);
  });

  it('comes on a trigger only where somebody watches for the cause to end', () => {
    const next = failing({ observedGeneration: 2, failures: 3, nextRetry: '2026-01-01T12:00:00Z' }, { isWatched: true });
    expect(next.lookAgainAfterMs).toBeUndefined();
    expect(next.status).not.toHaveProperty('failures');
    expect(next.status).not.toHaveProperty('nextRetry');
  });

  it('comes when the outcome asks for it, whatever the reason says', () => {
    expect(failing({}, { lookAgainAfterMs: 60_000 }).lookAgainAfterMs).toBe(60_000);
    expect(failing({}, { reason: 'UpgradeSucceeded', lookAgainAfterMs: 60_000 }).lookAgainAfterMs).toBe(60_000);
  });

  it('remembers the wish that it acted on, also after the annotation went', () => {
    const { status } = failing({}, {}, { reconcileAt: 'x' });
    expect(status.lastHandledReconcileAt).toBe('x');
    expect(failing(status).status.lastHandledReconcileAt).toBe('x');
  });

  it('keep a request open that has to wait', () => {
    const { status } = nextStatus({ lastHandledReconcileAt: 'x' }, { reason: 'RolloutQueued', message: '', isRequestOpen: true }, context({ reconcileAt: 'y' }));
    expect(status.lastHandledReconcileAt).toBe('x');
  });
});

describe('nextStatus', () => {
  const reasons = Object.keys(REASONS) as Reason[];
  const records = fc.array(fc.constantFrom<RecordStatus>('deployed', 'superseded', 'failed', 'pending-upgrade'), { maxLength: 4 });
  const outcomes: fc.Arbitrary<Outcome> = fc.record(
    {
      reason: fc.constantFrom(...reasons),
      message: fc.string(),
      records: records.map((all) => all.map((status, index) => record(index + 1, status))),
      inventory: fc.constant([{ apiVersion: 'v1', kind: 'Secret', namespace: 'prod', name: 'key' }]),
      releases: fc.constant([{ namespace: 'prod', releaseName: 'app' }]),
      fetchTrouble: fc.constant({ reason: 'ChartNotFound', message: 'no such tag' }),
      isWatched: fc.boolean(),
      isRetried: fc.boolean(),
    },
    { requiredKeys: ['reason', 'message'] },
  );
  const contexts = fc.record({
    generation: fc.integer({ min: 1, max: 3 }),
    reconcileAt: fc.option(fc.string(), { nil: undefined }),
    now: fc.nat(2 ** 40),
    random: fc.constant(0.5),
  });
  const isTriedAgain = ({ reason, isRetried, isWatched }: Outcome) => isWatched !== true && (isRetried === true || reasonSpec(reason).retry === 'withBackoff');

  it('is the same again when the same happens later, unless it is tried again', () => {
    const resting = outcomes.filter((outcome) => !isTriedAgain(outcome));
    fc.assert(
      fc.property(outcomes, contexts, resting, contexts, fc.nat(2 ** 40), (earlier, before, outcome, now, laterMs) => {
        const previous = nextStatus({}, earlier, before).status;
        const { status } = nextStatus(previous, outcome, now);
        expect(nextStatus(status, outcome, { ...now, now: laterMs, random: 0 }).status).toEqual(status);
      }),
    );
  });

  it('says when it is tried again exactly when it is', () => {
    fc.assert(
      fc.property(outcomes, contexts, (outcome, now) => {
        const { status, lookAgainAfterMs } = nextStatus({}, outcome, now);
        expect(status.nextRetry !== undefined).toBe(isTriedAgain(outcome));
        expect(lookAgainAfterMs !== undefined).toBe(isTriedAgain(outcome));
      }),
    );
  });
});

describe('a release that is suspended', () => {
  const rests = { reason: 'Suspended', message: 'suspended since then' } as const;
  const ready = (status: ChartReleaseStatus) => status.conditions?.find(({ type }) => type === 'Ready');

  it('stays Ready where it was, says what runs, and asks for no look', () => {
    const before = statusOf({ records: [record(1, 'deployed')] });
    const next = nextStatus(before, rests, context());
    expect(ready(next.status)).toMatchObject({ status: 'True', reason: 'Suspended', message: 'suspended since then; revision 1 (app 1.0.0) keeps running' });
    expect(next.lookAgainAfterMs).toBeUndefined();
    expect(nextStatus(next.status, rests, context({ now: NOW + 60_000 })).status).toEqual(next.status);
  });

  it('is not Ready where a revision was opened that nobody has told of', () => {
    const before = statusOf({ records: [record(1, 'deployed')] });
    const next = nextStatus(before, { ...rests, records: [record(1, 'deployed'), record(2, 'pending-upgrade')] }, context()).status;
    expect(ready(next)).toMatchObject({ status: 'False', reason: 'Suspended', message: 'suspended since then' });
  });

  it('is not Ready where it was on its way, and nothing says any more that it is', () => {
    const before = statusOf({ reason: 'Progressing', records: [record(1, 'deployed'), record(2, 'pending-upgrade')] });
    const next = nextStatus(before, rests, context()).status;
    expect(next.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(['Ready=False', 'Suspended=True']);
    expect(ready(next)?.message).toBe('suspended since then');
  });
});

describe("a person's revision in the next status", () => {
  const byHelm: RecordHead = { ...record(2, 'deployed'), notes: undefined };
  const handMade = { revision: 2, chart: { chartName: 'app', chartVersion: '0.9.0', appVersion: '' }, description: 'Rollback to 1' };
  const before = statusOf({ records: [record(1, 'deployed', { valuesDigest: 'sha256:1' })] });

  it('is what runs, without a digest, beside what was told before of what helm has rewritten', () => {
    const records = [{ ...record(1, 'superseded'), notes: undefined }, byHelm];
    const status = statusOf({ reason: 'ChangedByHand', records, handMade, drift: { claim: { reason: 'ChangedByHand', message: 'other' } } }, before);
    expect(status).toMatchObject({ revision: 2, chart: { name: 'app', version: '0.9.0' } });
    expect(status.chart).not.toHaveProperty('digest');
    expect(status.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual(['Ready ChangedByHand', 'Drifted ChangedByHand']);
    expect(status.history).toMatchObject([
      { revision: 2, action: 'rollback', trigger: 'ChangedByHand', outcome: 'deployed' },
      { revision: 1, digest: DIGEST, values: 'sha256:1', outcome: 'superseded' },
    ]);
    expect(status.history?.[0]).not.toHaveProperty('digest');
  });

  it('keeps what was asked for before it in the history, as long as it stands, though helm has dropped that record', () => {
    const dropped = statusOf({ reason: 'ChangedByHand', records: [byHelm], handMade }, before);
    expect(dropped.history?.map(({ revision, digest }) => [revision, digest])).toEqual([
      [2, undefined],
      [1, DIGEST],
    ]);
    expect(statusOf({ reason: 'ReleaseBusy', records: [byHelm, { ...record(3, 'pending-upgrade'), notes: undefined }] }, dropped).history?.at(-1)).toEqual(dropped.history?.[1]);
    expect(statusOf({ records: [byHelm, record(3, 'deployed')] }, dropped).history?.map(({ revision }) => revision)).toEqual([3, 2]);
  });

  it('keeps the chart of a revision of ours of which helm has dropped the notes', () => {
    const status = statusOf({ records: [{ ...record(1, 'deployed'), notes: undefined }] }, before);
    expect([status.revision, status.chart, status.history]).toEqual([before.revision, before.chart, before.history]);
  });
});

it('keeps what was said of drift where it cannot be looked for, and looks again', () => {
  const claim = { reason: 'DriftDetected', message: 'ConfigMap prod/app was deleted' } as const;
  const records = [record(1, 'deployed')];
  const before = statusOf({ records, drift: { claim } });
  const next = nextStatus(before, { reason: 'UpgradeSucceeded', message: 'runs', records, drift: { isUnknown: true, lookAgainAfterMs: 60_000 } }, context());
  expect(next.status.conditions?.find(({ type }) => type === 'Drifted')).toMatchObject(claim);
  expect(next.lookAgainAfterMs).toBe(60_000);
});

describe('a credential that ends', () => {
  const claim = { reason: 'CredentialExpiring', message: 'the token ends at 2026-01-03T00:00:00Z' } as const;
  const expiringIn = (status: ChartReleaseStatus) => status.conditions?.find(({ type }) => type === 'CredentialExpiring');

  it('has a condition of its own beside a Ready that stays, which stands while nobody looks, and goes when it was renewed', () => {
    const before = statusOf({ expiry: { claim } });
    expect(before.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
      'Ready=True UpgradeSucceeded',
      'CredentialExpiring=True CredentialExpiring',
    ]);
    expect(expiringIn(statusOf({}, before))).toMatchObject(claim);
    expect(expiringIn(statusOf({ expiry: {} }, before))).toBeUndefined();
  });

  it('has the release looked at when there is more to say, unless something else comes first', () => {
    const lookAgain = (outcome: Partial<Outcome>) =>
      nextStatus({}, { reason: 'UpgradeSucceeded', message: 'runs', expiry: { lookAgainAfterMs: 60_000 }, ...outcome }, context()).lookAgainAfterMs;
    expect(lookAgain({})).toBe(60_000);
    expect(lookAgain({ lookAgainAfterMs: 1000 })).toBe(1000);
    expect(lookAgain({ drift: { lookAgainAfterMs: 2000 } })).toBe(2000);
    expect(lookAgain({ reason: 'Forbidden' })).toBeLessThan(60_000);
  });
});

describe('what was corrected in place', () => {
  const DRIFT = 'ConfigMap prod/app: /data/a (kubectl)';
  const records = [record(1, 'superseded'), record(2, 'deployed')];
  const corrected = (previous: ChartReleaseStatus, more: Partial<Outcome> = {}, now = NOW) =>
    nextStatus(previous, { reason: 'UpgradeSucceeded', message: 'runs', records, drift: { corrected: DRIFT }, ...more }, context({ now })).status;
  const told = ({ history }: ChartReleaseStatus) => history?.map((entry) => entry.corrected);

  it('is told of the deployed revision: how often, when last and what', () => {
    const once = corrected(statusOf({ records }));
    expect(told(once)).toEqual([{ times: 1, when: '2026-01-01T12:00:00Z', what: DRIFT }, undefined]);
    const twice = corrected(once, { drift: { corrected: 'ConfigMap prod/app was deleted' } }, NOW + 60_000);
    expect(told(twice)).toEqual([{ times: 2, when: '2026-01-01T12:01:00Z', what: 'ConfigMap prod/app was deleted' }, undefined]);
  });

  it('does not change while nothing is corrected, and stays with its revision when the next one is deployed, or helm rewrites its record', () => {
    const once = corrected(statusOf({ records }));
    expect(nextStatus(once, { reason: 'UpgradeSucceeded', message: 'runs', records, drift: {} }, context({ now: NOW + 60_000 })).status).toEqual(once);
    const later = statusOf({ records: [record(1, 'superseded'), record(2, 'superseded'), record(3, 'deployed')] }, once);
    expect(told(later)).toEqual([undefined, told(once)?.[0], undefined]);
    const rewritten = statusOf({ records: [record(1, 'superseded'), { ...record(2, 'deployed'), notes: undefined }] }, once);
    expect(told(rewritten)).toEqual(told(once));
  });

  it('is bounded, however much it was', () => {
    expect(told(corrected(statusOf({ records }), { drift: { corrected: 'x'.repeat(5_000) } }))?.[0]?.what).toHaveLength(300);
  });
});
