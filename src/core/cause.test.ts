import { describe, expect, it } from 'vitest';
import { type Answers, type Cause, causeOf, isOpen, isPerhapsSlow, type Lead, leadOfClaim, leadOfPods, leadOfWorkload, withCause } from './cause.ts';
import { type KubeEvent, readEvent } from './kube-event.ts';
import { type PodState, type PodTrouble, WEIGHT } from './pod-state.ts';
import type { Workload } from './workload.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');

const trouble = (weight: keyof typeof WEIGHT, text: string, more: Partial<PodTrouble> = {}): PodTrouble => ({ weight: WEIGHT[weight], text, isHopeless: false, asks: {}, ...more });
const pod = (name: string, of: PodTrouble | undefined, more: Partial<PodState> = {}): PodState => ({
  name,
  uid: `uid-${name}`,
  bornAt: '2026-11-25T11:00:00Z',
  revision: '',
  trouble: of,
  ...more,
});
const event = (reason: string, message: string, more: Partial<KubeEvent> = {}): KubeEvent => ({ isWarning: true, reason, message, about: 'web-1', at: NOW, ...more });
const answers = (events: readonly KubeEvent[], ...lines: readonly string[]): Answers => ({ events, lines });

const all: Workload = { selector: 'app=web', maker: 'uid-rs', newest: { kind: 'All' } };
const newest: Workload = { ...all, newest: { kind: 'Revision', revision: 'new' } };
const youngest: Workload = { ...all, newest: { kind: 'Youngest' } };

const pending = trouble('pending', 'is pending', { asks: { events: 'Any' } });
const crash = trouble('ended', 'container main exited with 1', { asks: { log: { container: 'main', isPrevious: false } } });
const unready = trouble('notReady', 'container main is not ready', { asks: { events: 'Probe' } });
const late = { bornAt: '2026-11-25T11:30:00Z' };

describe('the lead of a workload', () => {
  it.each<readonly [string, Workload, readonly PodState[], string]>([
    ['is of the pod in the worst trouble', all, [pod('a', pending), pod('b', crash), pod('c', undefined)], 'Pod b: container main exited with 1'],
    ['is of the youngest of several', all, [pod('a', crash), pod('b', crash, late)], 'Pod b: container main exited with 1'],
    ['is of the first by name of those that are as young', all, [pod('b', crash), pod('a', crash)], 'Pod a: container main exited with 1'],
    ['is not of a pod of an older template', newest, [pod('a', crash, { revision: 'old' }), pod('b', pending, { revision: 'new' })], 'Pod b: is pending'],
    [
      'is of an older pod where no newer one is in trouble',
      newest,
      [pod('a', crash, { revision: 'old' }), pod('b', undefined, { revision: 'new' })],
      'Pod a: container main exited with 1',
    ],
    ['is of pods like the youngest', youngest, [pod('a', crash, { revision: 'old' }), pod('b', pending, { revision: 'new', ...late })], 'Pod b: is pending'],
    ['says nothing where no pod is in trouble', all, [pod('a', undefined)], ''],
    ['says nothing without pods', all, [], ''],
  ])('%s', (_, workload, pods, text) => {
    expect(leadOfWorkload(workload, pods, NOW).text).toBe(text);
  });

  it('is hopeless with its newest pods, not with those that go anyway', () => {
    const hopeless = trouble('hopeless', 'InvalidImageName', { isHopeless: true });
    expect(leadOfWorkload(newest, [pod('a', hopeless, { revision: 'new' })], NOW).isHopeless).toBe(true);
    expect(leadOfWorkload(newest, [pod('a', hopeless, { revision: 'old' })], NOW).isHopeless).toBe(false);
  });
});

describe('the cause', () => {
  const lead = (of: PodTrouble): Lead => leadOfWorkload(all, [pod('web-1', of)], NOW);
  const maker = leadOfWorkload(all, [], NOW);
  const refused = trouble('refused', 'container main: ImagePullBackOff of r.io/app', { asks: { events: 'Pull' } });
  const stopped = trouble('ended', 'container main exited with 137', { asks: { events: 'Restart', log: { container: 'main', isPrevious: false } } });
  const unbound = trouble('unschedulable', 'Unschedulable: unbound', { asks: { claims: ['files'] } });

  it.each<readonly [string, Lead, Answers, string | undefined]>([
    ['is what the pod says', lead(crash), answers([]), 'Pod web-1: container main exited with 1'],
    ['has no name where the object is that pod', leadOfPods([pod('web-1', crash)]), answers([], 'boom'), 'container main exited with 1; its log ends with: boom'],
    ['has the last lines of the log, cleaned', lead(crash), answers([], '\u001b[31mone', ' two\u0007 '), 'Pod web-1: container main exited with 1; its log ends with: one | two'],
    [
      'has the words of a probe',
      lead(unready),
      answers([event('Unhealthy', 'Readiness probe failed: 503')]),
      'Pod web-1: container main is not ready: Readiness probe failed: 503',
    ],
    [
      'has the words of the probe that had it stopped, and no other',
      lead(stopped),
      answers([event('Unhealthy', 'Readiness probe failed: 503'), event('Unhealthy', 'Liveness probe failed: 500', { at: NOW - 1 })]),
      'Pod web-1: container main exited with 137: Liveness probe failed: 500',
    ],
    [
      'has the words of the registry',
      lead(refused),
      answers([event('Failed', 'Error: ImagePullBackOff'), event('Failed', 'Failed to pull image "r.io/app": r.io/app: denied')]),
      'Pod web-1: container main: ImagePullBackOff of r.io/app: denied',
    ],
    [
      'has why a pod is not started',
      lead(pending),
      answers([event('Pulled', 'x', { isWarning: false }), event('FailedMount', 'secret "x" not found')]),
      'Pod web-1: is pending: FailedMount: secret "x" not found',
    ],
    [
      'has why a claim of it is not bound',
      lead(unbound),
      answers([event('ProvisioningFailed', 'no class', { about: 'other' }), event('ProvisioningFailed', 'no such class', { about: 'files' })]),
      'Pod web-1: Unschedulable: unbound; PersistentVolumeClaim files: ProvisioningFailed: no such class',
    ],
    ['has why there are no pods', maker, answers([event('FailedCreate', 'Error creating: pods "web-x" is forbidden: exceeded quota')]), 'FailedCreate: exceeded quota'],
    ['does not have what hindered an earlier revision', maker, answers([event('FailedCreate', 'exceeded quota', { at: NOW - 60_000 })]), undefined],
    ['is none where nobody says anything', maker, answers([]), undefined],
    [
      'is the Event of a claim',
      leadOfClaim('uid-c'),
      answers([event('WaitForFirstConsumer', 'waiting', { isWarning: false }), event('ProvisioningFailed', 'no class', { at: NOW - 5_000 })]),
      'ProvisioningFailed: no class',
    ],
    ['is not known of a claim without Events', leadOfClaim('uid-c'), answers([]), undefined],
  ])('%s', (_, of, answered, text) => {
    expect(causeOf(of, answered)?.text).toBe(text);
  });

  it('weighs less where a claim only waits for its pod', () => {
    expect(causeOf(leadOfClaim('u'), answers([event('WaitForFirstConsumer', 'waiting', { isWarning: false })]))?.weight).toBe(WEIGHT.pending);
    expect(causeOf(leadOfClaim('u'), answers([event('ProvisioningFailed', 'no class')]))?.weight).toBe(WEIGHT.refused);
  });

  it('stays with one of the Events that are told of in turn, until that is no more told of', () => {
    const [ready, live] = [event('Unhealthy', 'Readiness probe failed: 503'), event('Unhealthy', 'Liveness probe failed: 500', { at: NOW + 5_000 })];
    const first = causeOf(lead(unready), answers([ready]));
    expect(causeOf(lead(unready), answers([ready, live]), first)).toEqual(first);
    expect(causeOf(lead(unready), answers([ready, { ...live, at: NOW + 300_000 }]), first)?.text).toContain('Liveness');
  });

  it.each<readonly [string, Lead, boolean, boolean]>([
    ['a pod that is pending', lead(pending), true, true],
    ['a pod that is not ready', lead(unready), true, true],
    ['a pod that crashed', lead(crash), false, false],
    ['an image whose words Events have', lead(refused), true, false],
    ['no pods', maker, true, true],
    ['a claim', leadOfClaim('u'), true, false],
  ])('may be asked for again, or be slow: %s', (_, of, open, slow) => {
    expect([isOpen(of), isPerhapsSlow(of)]).toEqual([open, slow]);
  });
});

describe('withCause', () => {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'web' };
  const cause: Cause = { text: 'Pod web-1: is pending', weight: 1, isHopeless: false };
  it.each([
    [
      'takes the place of a count',
      { kind: 'Waiting', message: 'Deployment prod/web: 0 of 1 replicas available' },
      cause,
      { kind: 'Waiting', message: 'Deployment prod/web: Pod web-1: is pending' },
    ],
    ['follows what failed', { kind: 'Failed', message: 'Job prod/x: has failed.' }, cause, { kind: 'Failed', message: 'Job prod/x: has failed; Pod web-1: is pending' }],
    ['ends a wait that cannot help', { kind: 'Waiting', message: '' }, { ...cause, isHopeless: true }, { kind: 'Failed', message: 'Deployment prod/web: Pod web-1: is pending' }],
  ] as const)('%s', (_, verdict, of, told) => {
    expect(withCause(verdict, ref, of)).toEqual(told);
  });
});

describe('readEvent', () => {
  it.each([
    ['a kubelet', { lastTimestamp: '2026-11-25T12:00:00Z', firstTimestamp: '2026-11-25T11:00:00Z', eventTime: null }],
    ['the scheduler', { eventTime: '2026-11-25T12:00:00.000000Z', lastTimestamp: null }],
    ['the scheduler, several times', { eventTime: '2026-11-25T11:00:00.000000Z', series: { count: 3, lastObservedTime: '2026-11-25T12:00:00.000000Z' } }],
  ])('knows when one of %s was seen last', (_, times) => {
    expect(readEvent({ type: 'Warning', reason: 'Failed', message: 'm', involvedObject: { name: 'web-1' }, ...times })).toEqual(event('Failed', 'm'));
  });

  it('can be read of nothing', () => {
    expect(readEvent(undefined)).toEqual({ isWarning: false, reason: '', message: '', about: '', at: 0 });
  });
});
