import { afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { scratchNamespace } from '../../../test/kube/scratch.ts';
import { kubectl } from '../../../test/lab/run.ts';
import type { RecordHead } from '../../core/record.ts';
import { KubeCluster } from './cluster.ts';
import { connectWithKubeconfig } from './connect.ts';
import type { Connection } from './connection.ts';
import { Tenure } from './fence.ts';
import { KubeLease } from './lease.ts';
import { type ElectionTimes, Leadership } from './leadership.ts';

const lab = inject('lab');
const clock = realClock();
/** Much shorter than by default, and long enough for a machine that is busy. */
const TIMES = { leaseMs: 4_000, renewDeadlineMs: 3_000, retryMs: 500 };
/** Long enough for a standby that would not wait to have taken the Lease. */
const SOON = { timeout: 15_000, interval: 20 };

interface Replica {
  readonly leadership: Leadership;
  readonly lost: string[];
  readonly stop: () => void;
}

let namespace: string;
let connections: Connection[] = [];
let replicas: Replica[] = [];

beforeAll(async () => {
  const connection = await connectWithKubeconfig(lab.kubeconfig, undefined, { clock, logger: new RecordingLogger() });
  namespace = await scratchNamespace(new KubeCluster(connection));
  await connection.close();
});
afterEach(async () => {
  for (const { stop } of replicas) stop();
  await Promise.all(connections.map((connection) => connection.close()));
  [connections, replicas] = [[], []];
});

/** A replica that stands for election by the Lease of that name. */
const start = async (name: string, identity: string, times: ElectionTimes = TIMES): Promise<Replica> => {
  const lost: string[] = [];
  const tenure = new Tenure({ clock, renewDeadlineMs: times.renewDeadlineMs, lost: (why) => lost.push(why) });
  const connection = await connectWithKubeconfig(lab.kubeconfig, undefined, { clock, logger: new RecordingLogger(), fence: tenure });
  const leadership = new Leadership({ lease: new KubeLease(connection, { namespace, name }), tenure, identity, times, clock, logger: new RecordingLogger() });
  const stopped = new AbortController();
  void leadership.campaign(stopped.signal).catch(() => undefined); // it ends with the test
  const replica = { leadership, lost, stop: () => stopped.abort(new Error('the test has ended')) };
  connections.push(connection);
  replicas.push(replica);
  return replica;
};

const leads = ({ leadership }: Replica, epoch: number) => vi.waitFor(() => expect(leadership.term?.epoch).toBe(epoch), SOON);
const run = (...args: readonly string[]) => kubectl(lab, ['--namespace', namespace, ...args]);
const specOf = async (name: string) => JSON.parse((await run('get', 'lease', name, '--output=jsonpath={.spec}')).stdout) as Readonly<Record<string, unknown>>; // the API's own shape
const edit = (name: string, spec: Readonly<Record<string, unknown>>) => run('patch', 'lease', name, '--type=merge', '--patch', JSON.stringify({ spec }));

describe('a Lease that a person edits', () => {
  it.each<readonly [string, string, (name: string) => Promise<unknown>]>([
    ['is made anew by its leader where it was deleted', 'deleted', (name) => run('delete', 'lease', name)],
    ['gets his name back where that was taken out', 'emptied', (name) => edit(name, { holderIdentity: '' })],
    ['gets its count back', 'recounted', (name) => edit(name, { leaseTransitions: 7 })],
    ['gets its duration back', 'shortened', (name) => edit(name, { leaseDurationSeconds: 1 })],
  ])('%s, and nobody else has taken it', async (_, name, meddle) => {
    const leader = await start(name, 'one');
    await leads(leader, 0);
    const standby = await start(name, 'two');
    await vi.waitFor(() => expect(standby.leadership.describe()).toContain('is held by one'), SOON);
    const { acquireTime } = await specOf(name);
    await meddle(name);
    await vi.waitFor(
      async () => expect(await specOf(name)).toMatchObject({ holderIdentity: 'one', leaseDurationSeconds: TIMES.leaseMs / 1000, leaseTransitions: 0, acquireTime }),
      SOON,
    );
    expect(leader.lost).toEqual([]);
    expect(standby.leadership.term).toBeUndefined();
  });

  it('is lost by its leader where it names another, and taken once that one has had his time', async () => {
    const leader = await start('given', 'one');
    await leads(leader, 0);
    const standby = await start('given', 'two');
    await edit('given', { holderIdentity: 'nobody-here' });
    const given = Date.now();
    await vi.waitFor(() => expect(leader.lost).toEqual(['nobody-here holds the Lease']), SOON);
    expect(leader.leadership.term).toBeUndefined();
    await leads(standby, 1);
    expect(Date.now() - given).toBeGreaterThan(TIMES.leaseMs - 100);
  });
});

describe('a Lease', () => {
  it('is handed on when its leader resigns, as client-go hands it on', async () => {
    const leader = await start('released', 'one');
    await leads(leader, 0);
    await leader.leadership.resign();
    expect(await specOf('released')).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
    expect(leader.leadership.term).toBeUndefined();
    await leads(await start('released', 'two'), 1);
    expect(leader.lost).toEqual([]);
  });

  it('is looked at by its leader when a record says that there is a later one, and what it says counts', async () => {
    const seldom = { leaseMs: 300_000, renewDeadlineMs: 200_000, retryMs: 100_000 };
    const leader = await start('doubted', 'one', seldom);
    await leads(leader, 0);
    const record = { secret: 's', status: 'pending-upgrade', term: { lease: `${namespace}/doubted`, epoch: 5 } } as RecordHead; // what is not looked at is left out
    const before = await specOf('doubted');
    leader.leadership.recordsChanged([record]);
    await vi.waitFor(async () => expect((await specOf('doubted'))['renewTime']).not.toBe(before['renewTime']), SOON);
    expect(leader.lost).toEqual([]);
    await edit('doubted', { holderIdentity: 'two', leaseTransitions: 6 });
    leader.leadership.recordsChanged([{ ...record, term: { lease: `${namespace}/doubted`, epoch: 6 } }]);
    await vi.waitFor(() => expect(leader.lost).toEqual(['two holds the Lease']), SOON);
  });

  it('has one taker where several want it', async () => {
    const three = await Promise.all(['one', 'two', 'three'].map((identity) => start('wanted', identity)));
    await vi.waitFor(() => expect(three.filter(({ leadership }) => leadership.term !== undefined)).toHaveLength(1), SOON);
    await new Promise((resolve) => clock.after(TIMES.retryMs * 3, () => resolve(undefined)));
    expect(three.filter(({ leadership }) => leadership.term !== undefined)).toHaveLength(1);
    expect(three.flatMap(({ lost }) => lost)).toEqual([]);
  });
});
