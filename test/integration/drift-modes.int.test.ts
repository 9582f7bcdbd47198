import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploymentSpec } from '../kube/objects.ts';
import { conditionIn, openSite, type Site } from './site.ts';

type Json = Readonly<Record<string, unknown>>;

let site: Site;
beforeAll(async () => {
  site = await openSite('modes', { settings: { excusedFieldOwners: [{ manager: 'tuner' }] } });
});
afterAll(() => site.close());

const MERGE = 'application/merge-patch+json';
const chartOf = (name: string, version: string, objects: readonly Json[]) => ({
  'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
  ...Object.fromEntries(objects.map((object, at) => [`templates/${at}.yaml`, JSON.stringify(object)])),
});
const deployment = (name: string, image: string, replicas: number): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  ...deploymentSpec({ image, env: [{ name: 'A', value: '1' }] }, replicas),
});
const configMap = (name: string, data: Json): Json => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

const install = async (name: string, objects: readonly Json[], drift: Json): Promise<void> => {
  await site.push(name, 'stable', chartOf(name, '1.0.0', objects));
  await site.release(name, { chart: site.reference(name, 'stable'), interval: '1h', wait: false, drift });
  await site.ready(name, 1);
};
const upgrade = async (name: string, objects: readonly Json[]): Promise<void> => {
  await site.push(name, 'stable', chartOf(name, '2.0.0', objects));
  await site.lookNow(name);
  await site.ready(name, 2);
};

const at = (resource: string): string => {
  const parts = resource.split('/');
  return parts.length === 2 ? `/api/v1/namespaces/${site.namespace}/${resource}` : `/apis/${parts.slice(0, 2).join('/')}/namespaces/${site.namespace}/${parts.slice(2).join('/')}`;
};
const edit = (resource: string, manager: string, patch: unknown, type = MERGE) => site.ask('PATCH', `${at(resource)}?fieldManager=${manager}`, patch, type);
const scale = (name: string, replicas: number) => edit(`apps/v1/deployments/${name}/scale`, 'kube-controller-manager', { spec: { replicas } });
const specOf = async (name: string) =>
  ((await site.object(`apps/v1/deployments/${name}`)) as { spec: { replicas: number; template: { spec: { containers: { image: string; env: Json[] }[] } } } }).spec; // apps/v1
const shows = (name: string, message: string) => site.reaches(name, `drifted: ${message}`, (status) => conditionIn(status, 'Drifted')?.message === message);
const calm = (name: string) => site.reaches(name, 'no drift', (status) => conditionIn(status, 'Drifted') === undefined);
const events = async (name: string, reason: string): Promise<readonly string[]> => {
  const { items } = JSON.parse(await site.ask('GET', `/apis/events.k8s.io/v1/namespaces/${site.namespace}/events`)) as {
    items: { reason: string; note: string; regarding: { name: string } }[];
  };
  return items.filter((event) => event.regarding.name === name && event.reason === reason).map(({ note }) => note);
};
/** Events are written after the status. */
const announces = async (name: string, reason: string, notes: readonly string[]): Promise<void> => {
  let last: readonly string[] = [];
  await site.eventually(
    `Events ${reason} of ${name}: ${notes.join(', ')}`,
    async () => {
      last = await events(name, reason);
      return JSON.stringify(last) === JSON.stringify(notes);
    },
    () => `they are ${JSON.stringify(last)}`,
  );
};
const eventually = (what: string, isSo: () => Promise<boolean>) => site.eventually(what, isSo);

describe.concurrent('drift', () => {
  it('is none where an autoscaler scales; neither a correction nor a later revision takes the replicas from it', async () => {
    await install('scaled', [deployment('scaled', 'none:1', 2), configMap('scaled', { a: '1' })], { mode: 'Correct' });
    await scale('scaled', 5);
    await edit(
      'apps/v1/deployments/scaled',
      'kubectl-set',
      { spec: { template: { spec: { containers: [{ name: 'web', image: 'none:9' }] } } } },
      'application/strategic-merge-patch+json',
    );
    await eventually('the image is corrected', async () => (await specOf('scaled')).template.spec.containers[0]?.image === 'none:1');
    expect((await specOf('scaled')).replicas).toBe(5);
    await upgrade('scaled', [deployment('scaled', 'none:2', 3), configMap('scaled', { a: '1' })]);
    const { replicas, template } = await specOf('scaled');
    expect({ replicas, image: template.spec.containers[0]?.image }).toEqual({ replicas: 5, image: 'none:2' });
    await scale('scaled', 4);
    await site.lookNow('scaled');
    const { history } = await calm('scaled');
    const what = `Deployment ${site.namespace}/scaled: /spec/template/spec/containers/name=web/image (kubectl-set)`;
    expect(history?.map(({ revision, corrected }) => [revision, corrected])).toEqual([
      [2, undefined],
      [1, { times: 1, when: expect.stringMatching(/Z$/), what }],
    ]);
    await announces('scaled', 'DriftCorrected', [what]);
  });

  it('is none where the cluster puts a ClusterRole together, or an owner that the configuration excuses has a field', async () => {
    const [whole, part] = [`${site.namespace}-whole`, `${site.namespace}-part`];
    const rbac = 'rbac.authorization.k8s.io/v1';
    const aggregated = { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: whole }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: whole } }] }, rules: [] };
    const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
    await install(
      'excused',
      [aggregated, { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: part, labels: { to: whole } }, rules: [rule] }, configMap('excused', { a: '1', b: '1' })],
      { mode: 'Correct' },
    );
    await eventually('the rules are put together', async () => JSON.stringify((await site.read(`/apis/${rbac}/clusterroles/${whole}`))?.['rules'] ?? []).includes('pods'));
    await edit('configmaps/excused', 'tuner', { data: { a: 'tuned' } });
    await edit('configmaps/excused', 'kubectl-edit', { data: { b: 'edited' } });
    await eventually('what is not excused is corrected', async () => (await site.configMap('excused'))?.['b'] === '1');
    expect(await site.configMap('excused')).toEqual({ a: 'tuned', b: '1' });
    await site.lookNow('excused');
    await calm('excused');
    await announces('excused', 'DriftCorrected', [`ConfigMap ${site.namespace}/excused: /data/b (kubectl-edit)`]);
    await site.ask('DELETE', `/apis/${rbac}/clusterroles/${part}`);
  });

  it('is none of what the release ignores, which a later revision leaves as it is', async () => {
    const drift = {
      mode: 'Correct',
      ignore: [
        { paths: ['/data/theirs'], target: { name: 'ignored' } },
        { paths: [''], target: { kind: 'ConfigMap', name: 'scratch' } },
      ],
    };
    const objects = (version: string) => [configMap('ignored', { theirs: version, ours: version }), configMap('scratch', { x: version }), configMap('other', { theirs: version })];
    await install('ignored', objects('1'), drift);
    await site.ask('DELETE', at('configmaps/scratch'));
    await edit('configmaps/ignored', 'kubectl-edit', { data: { theirs: 'x', ours: 'x' } });
    await edit('configmaps/other', 'kubectl-edit', { data: { theirs: 'x' } });
    await eventually('the rest is corrected', async () => (await site.configMap('ignored'))?.['ours'] === '1' && (await site.configMap('other'))?.['theirs'] === '1');
    expect(await site.configMap('ignored')).toEqual({ theirs: 'x', ours: '1' });
    expect(await site.configMap('scratch')).toBeUndefined();
    await upgrade('ignored', objects('2'));
    expect(await Promise.all(['ignored', 'scratch', 'other'].map((name) => site.configMap(name)))).toEqual([{ theirs: 'x', ours: '2' }, { x: '2' }, { theirs: '2' }]);
  });

  it('that is only said stays as it is until the next revision, and nothing is said where nobody wants to know', async () => {
    await install('said', [configMap('said', { a: '1' }), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'said' }, stringData: { password: 'hunter2' } }], {});
    await edit('configmaps/said', 'kubectl-edit', { data: { a: 'edited' } });
    await edit('secrets/said', 'kubectl-edit', { stringData: { password: 'sesame' } });
    const message = `Secret ${site.namespace}/said: /data/password (kubectl-edit); ConfigMap ${site.namespace}/said: /data/a (kubectl-edit)`;
    const status = await shows('said', message);
    expect(conditionIn(status, 'Drifted')).toMatchObject({ status: 'True', reason: 'DriftDetected' });
    expect(conditionIn(status, 'Ready')).toMatchObject({ status: 'True', reason: 'InstallSucceeded' });
    await eventually('an Event says so', async () => (await events('said', 'DriftDetected')).includes(message));
    await site.kubectl(['patch', 'crel', 'said', '--type=merge', '--patch', '{"spec":{"drift":{"mode":"Ignore"}}}']);
    await calm('said');
    await site.kubectl(['patch', 'crel', 'said', '--type=merge', '--patch', '{"spec":{"drift":{"mode":"Warn"}}}']);
    await shows('said', message);
    await upgrade('said', [configMap('said', { a: '2' }), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'said' }, stringData: { password: 'hunter3' } }]);
    await calm('said');
    expect(await site.configMap('said')).toEqual({ a: '2' });
    expect(Buffer.from(((await site.object('secrets/said')) as { data: Record<string, string> }).data['password'] ?? '', 'base64').toString()).toBe('hunter3'); // v1 Secret
  });

  it('that somebody brings back each time is fought with pauses, and says by whom', async () => {
    await install('fought', [configMap('fought', { a: '1' })], { mode: 'Correct' });
    let isOver = false;
    const rival = (async () => {
      while (!isOver) {
        await eventually('there is something to take back', async () => isOver || (await site.configMap('fought'))?.['a'] === '1');
        if (!isOver) await edit('configmaps/fought', 'rival', { data: { a: 'rival' } });
      }
    })();
    const message = `ConfigMap ${site.namespace}/fought: /data/a (rival); it is taken back whenever it is corrected, so with growing pauses`;
    const status = await shows('fought', message);
    expect(conditionIn(status, 'Drifted')?.reason).toBe('DriftContested');
    const corrections = await events('fought', 'DriftCorrected');
    isOver = true;
    await rival;
    expect(corrections.length).toBeLessThanOrEqual(2);
    await announces('fought', 'DriftContested', [message]);
  });

  it('that the API server does not let be corrected is said in its words', async () => {
    await install('refused', [deployment('refused', 'none:1', 0)], { mode: 'Correct' });
    const source = { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };
    await edit('apps/v1/deployments/refused', 'kubectl-edit', [{ op: 'replace', path: '/spec/template/spec/containers/0/env/0', value: source }], 'application/json-patch+json');
    const status = await site.reaches('refused', 'not corrected', (seen) => conditionIn(seen, 'Drifted')?.reason === 'DriftNotCorrected');
    expect(conditionIn(status, 'Drifted')?.message).toMatch(
      /^Deployment .*\/refused: \/spec\/template\/spec\/containers\/name=web\/env\/name=A\/value \(removed\); cannot be corrected: .*may not be specified when `value` is not empty/,
    );
    expect(conditionIn(status, 'Ready')?.status).toBe('True');
    await edit('apps/v1/deployments/refused', 'kubectl-edit', [{ op: 'remove', path: '/spec/template/spec/containers/0/env/0' }], 'application/json-patch+json');
    await eventually('it is corrected', async () => JSON.stringify((await specOf('refused')).template.spec.containers[0]?.env) === '[{"name":"A","value":"1"}]');
  });
});

describe('an operator that was away', () => {
  it('finds what was done meanwhile, and asks nothing where nothing was', async () => {
    await install('touched', [configMap('touched', { a: '1' })], {});
    await install('untouched', [configMap('untouched', { a: '1' }), deployment('untouched', 'none:1', 0)], {});
    await site.operator.kill();
    await edit('configmaps/touched', 'kubectl-edit', { data: { a: 'edited' } });
    await edit('configmaps/untouched', 'kubectl-label', { metadata: { labels: { added: 'yes' } } });
    await site.startOperator();
    await shows('touched', `ConfigMap ${site.namespace}/touched: /data/a (kubectl-edit)`);
    await site.lookNow('untouched');
    await calm('untouched');
    expect(site.operator.log().filter((line) => line.includes('"name":"untouched"') && line.includes('drift'))).toEqual([]);
  });
});
