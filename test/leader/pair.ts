import { readFile } from 'node:fs/promises';
import type { ElectionTimes } from '../../src/adapters/kube/leadership.ts';
import { type ApiProxy, type Passed, startApiProxy } from '../lab/api-proxy.ts';
import type { Ground } from '../lab/ground.ts';
import type { Operator } from '../lab/operator.ts';
import { openSiteOn, type Site } from '../lab/site.ts';
import type { SeenCall } from '../lab/steering.ts';

/** Much shorter than by default, and long enough for a machine that is busy. */
export const SHORT: ElectionTimes = { leaseMs: 4_000, renewDeadlineMs: 3_000, retryMs: 500 };

/** An operator, and the proxy of its own by which it reaches the API server. */
export interface Replica {
  readonly operator: Operator;
  readonly proxy: ApiProxy;
}

/** Two replicas of one namespace. */
export class Pair {
  readonly site: Site;
  readonly times: ElectionTimes;
  leader: Replica;
  standby: Replica;

  private constructor(site: Site, times: ElectionTimes, leader: Replica, standby: Replica) {
    this.site = site;
    this.times = times;
    this.leader = leader;
    this.standby = standby;
  }

  /** Starts one, and another when that leads. */
  static async open(ground: Ground, name: string, times: ElectionTimes = SHORT): Promise<Pair> {
    const proxy = await proxyTo(ground.lab);
    const site = await openSiteOn(ground, name, { server: proxy.server, election: times });
    const leader = { operator: site.operator, proxy };
    await leads(site, leader);
    return new Pair(site, times, leader, await another(site));
  }

  /** What Kubernetes does when one has ended: another process takes its place, and stands by. */
  async succeed(): Promise<void> {
    const { leader, standby } = this;
    await end(leader);
    this.leader = standby;
    this.standby = await another(this.site);
  }

  async close(): Promise<void> {
    await Promise.all([this.leader, this.standby].map(end));
  }
}

/** Resolves when this one leads. */
export const leads = (site: Site, { operator }: Replica): Promise<void> =>
  site.eventually(
    'it leads',
    async () => said(operator, 'leading') !== undefined,
    () => operator.log().slice(-8).join('\n'),
  );

/** The first line that it has logged with this message. */
export const said = (operator: Operator, message: string): string | undefined => operator.log().find((line) => line.includes(`"msg":"${message}`));

/** Requests of the election. */
export const isOfLease = ({ path }: Pick<SeenCall, 'path'>): boolean => path.includes('/leases');

/** Requests that fencing is about, in the order in which they came to the proxy: everything but reads, dry runs and the Lease. */
export const writesOf = ({ proxy }: Replica): readonly Passed[] => proxy.passed.filter((one) => isWrite(one));

export const isWrite = (call: Pick<SeenCall, 'path' | 'verb'>): boolean => !['get', 'list', 'watch'].includes(call.verb) && !isOfLease(call) && !call.path.includes('dryRun=All');

/** When the request came to its proxy by which it has taken the Lease, in ms. */
export const takenAt = ({ proxy }: Replica): number => {
  const taken = proxy.passed.find((one) => isOfLease(one) && ['patch', 'create'].includes(one.verb) && isDone(one));
  if (taken === undefined) throw new Error('it has not taken the Lease');
  return taken.at;
};

const isDone = ({ status = 0 }: Passed): boolean => status >= 200 && status < 300;

const proxyTo = async ({ server, caFile }: Ground['lab']): Promise<ApiProxy> => startApiProxy({ server, ca: await readFile(caFile, 'utf8') });

const another = async (site: Site): Promise<Replica> => {
  const proxy = await proxyTo(site.lab);
  return { operator: await site.startAnother(proxy.server), proxy };
};

const end = async ({ operator, proxy }: Replica): Promise<void> => {
  await operator.stop();
  await proxy.close();
};
