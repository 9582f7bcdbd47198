import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { INVARIANTS, violationsIn } from '../crash/invariants.ts';
import { type Life, livesOf, type Moment, printMoment, trapOf } from '../crash/moments.ts';
import { type Step, stepOf } from '../crash/steps.ts';
import { World } from '../crash/world.ts';
import { startWriteProxy, type WriteProxy } from '../crash/write-proxy.ts';
import { deploymentSpec } from '../kube/objects.ts';
import { changesUnder, inOrder } from '../lab/history.ts';
import { smallChart } from '../registry/push.ts';
import { openSite, type Site } from './site.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 100_000);
const LANES = 3;
const TEST_MS = 600_000;

const configMap = (name: string, values: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {version: {{ .Chart.Version | quote }}, ${values}}\n`;
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {version: {{ .Chart.Version | quote }}}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: "registry.invalid/web:{{ .Chart.Version }}"}]}
`;
const definition = (group: string, plural: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {kind: Widget, plural: ${plural}, singular: widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;
/** Five objects that differ between versions, one of them of that version alone, one with another value at every render. */
const TEMPLATES = {
  'templates/deployment.yaml': DEPLOYMENT,
  'templates/random.yaml': configMap('{{ .Release.Name }}-random', 'random: {{ randAlphaNum 20 | quote }}'),
  'templates/more.yaml': configMap('{{ .Release.Name }}-more', 'more: "1"'),
  'templates/only.yaml': configMap('{{ .Release.Name }}-{{ .Chart.Version }}', 'only: "1"'),
};

/** A namespace whose operator is killed again and again, and what its releases have been through. */
interface Lane {
  readonly site: Site;
  readonly proxy: WriteProxy;
  readonly moments: { readonly release: string; readonly moment: Moment; readonly since: number }[];
  /** Digests by release and version. */
  readonly pushed: Map<string, string>;
}

describe(`an operator that is killed at thirty moments (SEED=${SEED})`, () => {
  const lives = livesOf(SEED).map((life, at) => ({ release: `r${at}`, life }));
  const lanes: Lane[] = [];
  beforeAll(async () => {
    lanes.push(...(await Promise.all(Array.from({ length: LANES }, openLane))));
  });
  afterAll(async () => {
    for (const { site, proxy } of lanes) {
      await site.close();
      await proxy.close();
    }
  });

  it('always ends right when it is started again, and never breaks an invariant on the way', { timeout: TEST_MS }, async () => {
    console.log(
      lives
        .flatMap(({ life }) => life.map(printMoment))
        .toSorted()
        .join('\n'),
    );
    const ends = await Promise.allSettled(
      lanes.map((lane, of) =>
        liveAll(
          lane,
          lives.filter((_, at) => at % LANES === of),
        ),
      ),
    );
    expect(ends.filter(({ status }) => status === 'rejected')).toEqual([]);
    for (const lane of lanes) await judge(lane);
  });
});

const openLane = async (): Promise<Lane> => {
  const { server, caFile } = inject('lab');
  const proxy = await startWriteProxy({ server, ca: await readFile(caFile, 'utf8') });
  return { site: await openSite('kill', { server: proxy.server }), proxy, moments: [], pushed: new Map() };
};

/** One release after the other: each is killed at its own moments alone. */
const liveAll = async (lane: Lane, lives: readonly { readonly release: string; readonly life: Life }[]): Promise<void> => {
  for (const { release, life } of lives) {
    for (const [at, moment] of life.entries()) {
      await survive(lane, { release, life, moment, revision: at + 1 }).catch((error: unknown) => {
        throw new Error(`SEED=${SEED}, ${release}, ${printMoment(moment)}`, { cause: error });
      });
    }
  }
};

interface Trial {
  readonly release: string;
  readonly life: Life;
  readonly moment: Moment;
  /** That the change leads to. */
  readonly revision: number;
}

const survive = async (lane: Lane, trial: Trial): Promise<void> => {
  const { site, proxy } = lane;
  const { release, moment } = trial;
  lane.moments.push({ release, moment, since: await etcdRevision(site) });
  let isStruck = false;
  const operator = site.operator;
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
  expect(await renders(site), 'renders after the restart').toBeLessThanOrEqual(isRenderedAgain(moment) ? 1 : 0);
};

const change = async ({ site, pushed }: Lane, { release, life, moment, revision }: Trial): Promise<void> => {
  if (moment.change === 'uninstall') return site.remove(release);
  const version = `${revision}.0.0`;
  const hasCrd = life.some(({ place }) => place === 'crd');
  const files = { ...TEMPLATES, ...(hasCrd && { 'crds/widget.yaml': definition(`${site.namespace}.test`, `${release}widgets`) }) };
  pushed.set(`${release} ${version}`, await site.push(release, 'stable', smallChart(release, version, files)));
  if (moment.change === 'upgrade') return site.lookNow(release);
  const historyLimit = life.some(({ change: of, place }) => of === 'upgrade' && place === 'remove record') ? 1 : 10;
  await site.release(release, { chart: site.reference(release, 'stable'), historyLimit });
};

const endsRight = async ({ site, pushed }: Lane, { release, moment, revision }: Trial): Promise<void> => {
  if (moment.change === 'uninstall') return site.eventually('it is gone', async () => (await site.seen(release)) === undefined);
  const status = await site.ready(release, revision);
  expect(status.chart?.digest).toBe(pushed.get(`${release} ${revision}.0.0`));
};

/** Whether nothing of the revision was stored when the operator was killed: what was stored is never rendered again. */
const isRenderedAgain = ({ change: of, place, blow }: Moment): boolean =>
  of !== 'uninstall' && (['finalizer', 'admit', 'crd'].includes(place) || (place === 'open' && blow === 'BeforeSend'));

const renders = async (site: Site): Promise<number> => {
  const metrics = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  const counts = metrics.matchAll(/^tagalong_render_duration_seconds_count\{op="render",result="\w+"\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
};

/** Holds the whole history of a lane to the invariants, and counts its revisions: one a change. */
const judge = async (lane: Lane): Promise<void> => {
  await lane.site.operator.stop();
  const steps = await historyOf(lane.site);
  const told = violationsIn(steps, lane.pushed).map(({ invariant, at, release, message }) => {
    const during = lane.moments.findLast(({ since }) => since < at);
    return `SEED=${SEED}, ${release}, ${during === undefined ? 'before all' : printMoment(during.moment)}: ${invariant} (${INVARIANTS[invariant]}): ${message}, etcd revision ${at}`;
  });
  expect(told).toEqual([]);
  expect(revisionsIn(steps)).toEqual([...lane.pushed.keys()].map((chart) => chart.replace('.0.0', '')));
  const world = new World();
  for (const step of steps) world.take(step);
  expect(world.keys()).toEqual([LAST]); // the ChartRelease of that name
};

/** Every revision that was ever made, `release revision`, in order. */
const revisionsIn = (steps: readonly Step[]): readonly string[] => [
  ...new Set(steps.flatMap((step) => (step.kind === 'Record' && step.now !== undefined ? [`${step.now.release} ${step.now.revision}`] : []))),
];

/** Name of the objects that are made last of all, so that a history that has them is whole. */
const LAST = 'end-of-history';

const historyOf = async (site: Site): Promise<readonly Step[]> => {
  const { namespace, lab } = site;
  const metadata = { name: LAST, namespace };
  const parts = [
    { resource: 'configmaps', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } },
    { resource: 'secrets', object: { apiVersion: 'v1', kind: 'Secret', metadata } },
    { resource: 'deployments', object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, ...deploymentSpec({}, 0) } },
    { resource: 'tagalong.dev/chartreleases', object: { apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', metadata, spec: { chart: site.reference('none', 'none') } } },
  ];
  await site.kubectl(['create', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: parts.map(({ object }) => object) }));
  const prefixes = parts.map(({ resource }) => `/registry/${resource}/${namespace}/`);
  const changes = inOrder(await Promise.all(prefixes.map((prefix) => changesUnder(lab.etcd, prefix, `${prefix}${LAST}`))));
  return changes.flatMap((one) => stepOf(one) ?? []);
};

const etcdRevision = async (site: Site): Promise<number> => {
  const list = JSON.parse(await site.ask('GET', `/api/v1/namespaces/${site.namespace}/configmaps?limit=1`)) as { readonly metadata: { readonly resourceVersion: string } }; // as lists are
  return Number(list.metadata.resourceVersion);
};
