import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startApiProxy, type ApiProxy } from '../lab/api-proxy.ts';
import { type RendererProgram, startRenderer } from '../lab/renderer.ts';
import { kubectl } from '../lab/run.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const chartYaml = (name: string, version: string) => `apiVersion: v2\nname: ${name}\nversion: ${version}\n`;

const configMap = (data: Readonly<Record<string, string>>): string =>
  [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    '  name: {{ .Release.Name }}',
    'data:',
    ...Object.entries(data).map(([key, expression]) => `  ${key}: {{ ${expression} | toJson | quote }}`),
    '',
  ].join('\n');

/** A chart of one ConfigMap with answers, each as JSON. */
const asking = (name: string, data: Readonly<Record<string, string>>, version = '1.0.0') => ({ 'Chart.yaml': chartYaml(name, version), 'templates/a.yaml': configMap(data) });

/** The way of charts that make a password once and find it again later. */
const PASSWORD = `{{- $name := printf "%s-db" .Release.Name }}
{{- $old := lookup "v1" "Secret" .Release.Namespace $name }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  annotations: {version: {{ .Chart.Version | quote }}}
data:
  password: {{ if $old }}{{ $old.data.password }}{{ else }}{{ randAlphaNum 20 | b64enc }}{{ end }}
`;

type Json = Readonly<Record<string, unknown>>;
interface SeenSecret {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string; readonly annotations: Readonly<Record<string, string>> };
  readonly data: Readonly<Record<string, string>>;
}

let folder: string;
let site: Site;
let sidecar: RendererProgram;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lookup-'));
  const socket = path.join(folder, 's');
  sidecar = startRenderer({ socket });
  site = await openSite('lookup', { args: ['--renderer-socket', socket] });
  await site.kubectl(['create', 'role', 'reader', '--verb=get', '--resource=pods']);
  await site.kubectl(['create', 'role', 'writer', '--verb=create', '--resource=pods']);
  await site.kubectl(['create', 'configmap', 'settings', '--from-literal=color=purple']);
});
afterAll(async () => {
  await site.close();
  await sidecar.end();
  await rm(folder, { recursive: true, force: true });
});

const install = async (where: Site, name: string, data: Readonly<Record<string, string>>): Promise<void> => {
  await where.push(name, 'stable', asking(name, data));
  await where.release(name, { chart: where.reference(name, 'stable') });
};

const secret = async (name: string): Promise<SeenSecret> => (await site.object(`secrets/${name}`)) as unknown as SeenSecret; // the API's own shape

const noted = async (name: string, revision: number): Promise<Readonly<Record<string, string>>> => (await secret(`sh.helm.release.v1.${name}.v${revision}`)).metadata.annotations;

describe('templates that look things up, in a sidecar', () => {
  it('find the password again that the first revision has made, and the record says what was found', async () => {
    const push = (version: string) => site.push('vault', 'stable', { 'Chart.yaml': chartYaml('vault', version), 'templates/secret.yaml': PASSWORD });
    await push('1.0.0');
    await site.release('vault', { chart: site.reference('vault', 'stable') });
    await site.ready('vault', 1);
    const first = await secret('vault-db');
    expect(Buffer.from(first.data['password'] ?? '', 'base64').toString()).toMatch(/^[0-9A-Za-z]{20}$/);

    await push('2.0.0');
    await site.lookNow('vault');
    await site.ready('vault', 2);
    const second = await secret('vault-db');
    expect(second.metadata.annotations['version']).toBe('2.0.0');
    expect(second.data).toEqual(first.data);

    const question = { apiVersion: 'v1', kind: 'Secret', namespace: site.namespace, name: 'vault-db' };
    const { uid, resourceVersion } = first.metadata;
    expect(JSON.parse((await noted('vault', 1))['tagalong.dev/lookups'] ?? '')).toEqual([{ ...question, found: false }]);
    expect(JSON.parse((await noted('vault', 2))['tagalong.dev/lookups'] ?? '')).toEqual([{ ...question, uid, resourceVersion }]);
    expect((await noted('vault', 2))['tagalong.dev/kube-version']).toMatch(/^v1\.\d+\.\d+/);
  });

  it('see what stock helm sees', async () => {
    const { namespace } = site;
    await site.pushSmall('plain', 'stable', '1.0.0');
    const questions = {
      object: `lookup "v1" "ConfigMap" "${namespace}" "settings"`,
      integer: `(lookup "v1" "Namespace" "" "${namespace}").metadata.managedFields | len`,
      ofTheCluster: `(lookup "v1" "Namespace" "" "kube-system").metadata.uid`,
      ofTheClusterInANamespace: `(lookup "v1" "Namespace" "${namespace}" "kube-system").metadata.uid`,
      absent: `lookup "v1" "Secret" "${namespace}" "absent"`,
      absentNamespace: 'lookup "v1" "Secret" "no-such-namespace" "absent"',
      withoutNamespace: 'lookup "v1" "ConfigMap" "" "settings"',
      list: `(lookup "rbac.authorization.k8s.io/v1" "Role" "${namespace}" "").items`,
      listKind: `(lookup "rbac.authorization.k8s.io/v1" "Role" "${namespace}" "").kind`,
      emptyList: `(lookup "v1" "Secret" "no-such-namespace" "").items`,
      ofAllNamespaces: `(lookup "rbac.authorization.k8s.io/v1" "Role" "" "").items | len | lt 1`,
    };
    await install(site, 'answers', questions);
    await site.ready('answers', 1);
    const chart = path.join(folder, 'answers');
    await mkdir(path.join(chart, 'templates'), { recursive: true });
    for (const [name, text] of Object.entries(asking('answers', questions))) await writeFile(path.join(chart, name), text);
    const { stdout } = await site.helm(['template', 'answers', chart, '--dry-run=server']);
    const helms = parseAllDocuments(stdout)[0]?.toJS() as { readonly data: Json }; // the ConfigMap of the chart
    expect(await site.configMap('answers')).toEqual(helms.data);
    expect(helms.data).toMatchObject({ absent: '{}', withoutNamespace: '{}', emptyList: '[]', ofAllNamespaces: 'true' });
  });

  it('find nothing of a kind that is not served, where helm fails', async () => {
    await install(site, 'unserved', { one: 'lookup "example.com/v1" "Bell" "a" "b"', all: '(lookup "example.com/v1" "Bell" "" "").items', odd: 'lookup "v1" "Bell" "a" "b"' });
    await site.ready('unserved', 1);
    expect(await site.configMap('unserved')).toEqual({ one: '{}', all: 'null', odd: '{}' });
  });

  it('may ask 64 questions, the same one as often as they like, and no more', async () => {
    const range = (from: number, to: number) => `{{ range untilStep ${from} ${to} 1 }}{{ $_ := lookup "v1" "Secret" "${site.namespace}" (print "no-" .) }}{{ end }}`;
    const files = (text: string) => ({ ...asking('curious', { done: '"yes"' }), 'templates/b.yaml': text });
    await site.push('curious', 'stable', files(range(0, 64) + range(0, 64)));
    await site.release('curious', { chart: site.reference('curious', 'stable') });
    await site.ready('curious', 1);
    expect(JSON.parse((await noted('curious', 1))['tagalong.dev/lookups'] ?? '')).toHaveLength(64);
    await site.push('curious', 'stable', files(`\n${range(0, 65)}`));
    await site.lookNow('curious');
    const message = await site.fails('curious', 'RenderFailed');
    expect(message).toContain(`curious/templates/b.yaml:2: cannot look up Secret ${site.namespace}/no-64: the templates have looked up 64 things already`);
  });

  it('get no more than 4 MiB in all', async () => {
    const large = 'x'.repeat(900 * 1024);
    const all = {
      apiVersion: 'v1',
      kind: 'List',
      items: Array.from({ length: 5 }, (_, index) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `large-${index}` }, data: { large } })),
    };
    await site.kubectl(['create', '--filename=-'], JSON.stringify(all));
    await install(site, 'greedy', { all: `(lookup "v1" "ConfigMap" "${site.namespace}" "").items | len` });
    const message = await site.fails('greedy', 'RenderFailed');
    expect(message).toContain(`cannot look up all ConfigMap objects of namespace ${site.namespace}: the answers to the lookups of this chart would have more than 4 MiB`);
    await site.kubectl(['delete', 'configmap', ...all.items.map(({ metadata }) => metadata.name)]);
  });

  it('may not reach other paths of the API server', async () => {
    await install(site, 'odd', { log: `lookup "v1" "Pod" "${site.namespace}" "a/log"` });
    expect(await site.fails('odd', 'RenderFailed')).toContain(`cannot look up Pod ${site.namespace}/a/log: nothing can have this name`);
  });

  it('say nothing of a Secret where they fail', async () => {
    await site.kubectl(['create', 'secret', 'generic', 'token', '--from-literal=token=swordfish']);
    await install(site, 'talkative', {
      all: `fail (print (lookup "v1" "Secret" "${site.namespace}" "token") " and " ((lookup "v1" "Secret" "${site.namespace}" "token").data.token | b64dec))`,
    });
    const message = await site.fails('talkative', 'RenderFailed');
    expect(message).toContain('map[token:***]');
    expect(message).toContain('and ***');
    const said = [message, ...site.operator.log(), sidecar.log()].join('\n');
    expect(said).not.toMatch(/swordfish|c3dvcmRmaXNo/);
  });
});

describe('an operator that may not see everything', () => {
  const rest = ['apps', 'batch', 'apiextensions.k8s.io', 'events.k8s.io', 'tagalong.dev'];
  const core = ['namespaces', 'configmaps', 'secrets', 'pods', 'services', 'serviceaccounts', 'persistentvolumeclaims', 'replicationcontrollers'];
  const rules = [
    { apiGroups: rest, resources: ['*'], verbs: ['*'] },
    { apiGroups: [''], resources: core, verbs: ['*'] },
  ];
  const role = 'lookup-limited';
  const lab = inject('lab');
  const run = (args: readonly string[], input?: string) => kubectl(lab, args, input === undefined ? {} : { input });
  let proxy: ApiProxy;
  let limited: Site;

  beforeAll(async () => {
    const meta = { name: role };
    const subjects = [{ kind: 'ServiceAccount', name: role, namespace: 'default' }];
    const items = [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...meta, namespace: 'default' } },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: meta, rules },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: meta,
        subjects,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      },
    ];
    await run(['create', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const token = (await run(['create', 'token', role, '--namespace=default'])).stdout.trim();
    proxy = await startApiProxy({ server: lab.server, ca: await readFile(lab.caFile, 'utf8') });
    limited = await openSite('limited', { token, server: proxy.server });
  });
  afterAll(async () => {
    await limited.close();
    await proxy.close();
    await run(['delete', 'clusterrolebinding,clusterrole', role]);
    await run(['delete', 'serviceaccount', role, '--namespace=default']);
  });

  it.each([
    ['one', 'lookup "v1" "Node" "" "worker"', 'Node worker', 'cannot get resource "nodes"'],
    ['all', 'lookup "v1" "Node" "" ""', 'all Node objects', 'cannot list resource "nodes"'],
  ])('names the object, the template and the right when it may not see %s of a kind', async (name, expression, what, why) => {
    await install(limited, name, { answer: expression });
    const message = await limited.fails(name, 'RenderFailed');
    expect(message).toMatch(new RegExp(`^${name}/templates/a.yaml:6: cannot look up ${what}: the API server does not allow it: .*${why}`));
    expect(await limited.object(`secrets/sh.helm.release.v1.${name}.v1`)).toBeUndefined();
  });

  it('blames the API server, and not the chart, when it goes away in the middle of a render, and goes on when it is back', async () => {
    proxy.hide((at) => at.endsWith('/configmaps/second'));
    const [first, second] = ['first', 'second'].map((name) => `lookup "v1" "ConfigMap" "${limited.namespace}" "${name}"`);
    await install(limited, 'cut', { first: first ?? '', second: second ?? '' });
    const message = await limited.fails('cut', 'ClusterUnavailable');
    expect(message).toMatch(new RegExp(`^cannot look up ConfigMap ${limited.namespace}/second: the API server does not answer`));
    proxy.hide(() => false);
    await limited.lookNow('cut');
    await limited.ready('cut', 1);
    expect(conditionIn((await limited.seen('cut'))?.status ?? {}, 'Ready')?.status).toBe('True');
    expect(limited.operator.log().some((line) => line.includes('helm engine is gone'))).toBe(false);
  });
});
