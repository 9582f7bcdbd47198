import { readFile } from 'node:fs/promises';
import { expect, inject } from 'vitest';
import { INVARIANTS, violationsIn } from '../crash/invariants.ts';
import { type Life, type Moment, mostRenders, printMoment, trapOf } from '../crash/moments.ts';
import { siteHistory } from '../crash/site-history.ts';
import type { Step } from '../crash/steps.ts';
import { World } from '../crash/world.ts';
import { startApiProxy, type ApiProxy } from '../lab/api-proxy.ts';
import { chartOf } from './kill-chart.ts';
import { conditionIn, openSite, type Site } from './site.ts';

/** A namespace whose operator is killed again and again, and what its releases go through. */
export interface Lane {
  readonly site: Site;
  readonly proxy: ApiProxy;
  readonly moments: { readonly release: string; readonly moment: Moment; readonly since: number }[];
  /** Digests by release and version: `web 1.0.0`. */
  readonly pushed: Map<string, string>;
  /** Every revision that there must be, `web 1`, in order. */
  readonly revisions: string[];
}

/** A release, and the moments at which its operator is killed. */
export interface Course {
  readonly release: string;
  readonly life: Life;
}

/** Opens a namespace with an operator that reaches the API server through a proxy of its own. */
export const openLane = async (): Promise<Lane> => {
  const { server, caFile } = inject('lab');
  const proxy = await startApiProxy({ server, ca: await readFile(caFile, 'utf8') });
  return { site: await openSite('kill', { server: proxy.server }), proxy, moments: [], pushed: new Map(), revisions: [] };
};

/** Ends the operator first: without an API server it would wait. */
export const closeLane = async ({ site, proxy }: Lane): Promise<void> => {
  await site.close();
  await proxy.close();
};

/** Takes one release after the other through its life. Returns what did not end right: after that the lane is left. */
export const run = async (lane: Lane, courses: readonly Course[]): Promise<readonly string[]> => {
  for (const course of courses) {
    for (const [at, moment] of course.life.entries()) {
      try {
        await survive(lane, { ...course, moment, revision: at + 1 + course.life.slice(0, at).filter(isUndone).length });
      } catch (error) {
        return [`${course.release}, ${printMoment(moment)}: ${error instanceof Error ? error.message : String(error)}`];
      }
    }
  }
  return [];
};

/** A failure makes two revisions: the one that fails, and the one that undoes it. */
const isUndone = ({ change }: Moment): boolean => change === 'failure';

interface Trial extends Course {
  readonly moment: Moment;
  /** That the change leads to. */
  readonly revision: number;
}

/** Whether its chart brings a CustomResourceDefinition along. */
const hasCrd = ({ life }: Pick<Course, 'life'>): boolean => life.some(({ place }) => place === 'crd');

/** One change, one kill, one start. */
const survive = async (lane: Lane, trial: Trial): Promise<void> => {
  const { site, proxy } = lane;
  const { release, moment } = trial;
  const { operator } = site;
  lane.moments.push({ release, moment, since: await etcdRevision(site) });
  let isStruck = false;
  void proxy.arm(trapOf(moment, () => void operator.kill())).then(() => {
    isStruck = true;
  });
  await change(lane, trial);
  await site.eventually(
    'the moment comes',
    async () => isStruck,
    () => operator.log().slice(-8).join('\n'),
  );
  await operator.kill();
  proxy.mend();
  await site.startOperator();
  await endsRight(lane, trial);
  expect(await renders(site), 'renders after the restart').toBeLessThanOrEqual(mostRenders(moment, hasCrd(trial)));
};

const change = async ({ site, pushed, revisions }: Lane, { release, life, moment, revision }: Trial): Promise<void> => {
  if (moment.change === 'uninstall') return site.remove(release);
  revisions.push(`${release} ${revision}`, ...(isUndone(moment) ? [`${release} ${revision + 1}`] : []));
  const version = `${revision}.0.0`;
  const crdGroup = hasCrd({ life }) ? `${site.namespace}.test` : undefined;
  pushed.set(`${release} ${version}`, await site.push(release, 'stable', chartOf(release, version, { crdGroup, isReady: !isUndone(moment) })));
  if (moment.change === 'upgrade') return site.lookNow(release);
  const isTrimmed = life.some((other) => other.change === 'upgrade' && other.place === 'remove record');
  const spec = { chart: site.reference(release, 'stable'), historyLimit: isTrimmed ? 1 : 10 };
  await site.release(release, isUndone(moment) ? { ...spec, timeout: '1s' } : spec);
  if (isUndone(moment)) await site.lookNow(release);
};

const endsRight = async ({ site, pushed }: Lane, { release, moment, revision }: Trial): Promise<void> => {
  if (moment.change === 'uninstall') return site.eventually('the ChartRelease is gone', async () => (await site.seen(release)) === undefined);
  if (isUndone(moment)) {
    await site.reaches(release, 'undone', (status) => status.revision === revision + 1 && conditionIn(status, 'Ready')?.reason === 'RolledBack');
    return;
  }
  const status = await site.ready(release, revision);
  expect(status.chart?.digest, 'the digest in status').toBe(pushed.get(`${release} ${revision}.0.0`));
};

/** How many times the operator that runs now has rendered. */
const renders = async (site: Site): Promise<number> => {
  const metrics = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  const counts = metrics.matchAll(/^tagalong_render_duration_seconds_count\{op="render",result="\w+"\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
};

const etcdRevision = async (site: Site): Promise<number> => {
  const list = JSON.parse(await site.ask('GET', `/api/v1/namespaces/${site.namespace}/configmaps?limit=1`)) as { readonly metadata: { readonly resourceVersion: string } }; // as lists are
  return Number(list.metadata.resourceVersion);
};

/** Ends the operator, and reads everything that happened to the releases of the lane. To be called once. */
export const historyOf = ({ site }: Lane): Promise<readonly Step[]> => siteHistory(site);

/** Where a history breaks an invariant, and at which moment that was. */
export const breachesIn = ({ pushed, moments }: Lane, steps: readonly Step[]): readonly string[] =>
  violationsIn(steps, pushed).map(({ invariant, at, release, message }) => {
    const during = moments.findLast(({ since }) => since < at);
    return `${release}, ${during === undefined ? 'before all' : printMoment(during.moment)}: ${invariant} (${INVARIANTS[invariant]}): ${message}, etcd revision ${at}`;
  });

/** Every revision that was ever made, `web 1`, in order. */
export const revisionsIn = (steps: readonly Step[]): readonly string[] => [
  ...new Set(steps.flatMap((step) => (step.kind === 'Record' && step.now !== undefined ? [`${step.now.release} ${step.now.revision}`] : []))),
];

/** Keys of what is there at the end of a history. */
export const leftAfter = (steps: readonly Step[]): readonly string[] => {
  const world = new World();
  for (const step of steps) world.take(step);
  return world.keys();
};
