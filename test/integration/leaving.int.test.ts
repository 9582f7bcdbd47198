import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Lab, startLab } from '../lab/lab.ts';
import { type Operator, startOperator } from '../lab/operator.ts';
import { helm, kubectl } from '../lab/run.ts';
import { served } from '../lab/served.ts';
import { pushChart, smallChart } from '../registry/push.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const INSTALLATION = path.join(ROOT, 'config/default');
const CRD = 'chartreleases.tagalong.dev';
const PATIENCE_MS = 30_000;

const TEMPLATES = `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}, annotations: {lab.tagalong.dev/play: {{ .Values.play | default "" | quote }}}}
    spec: {containers: [{name: web, image: "registry.invalid/web:{{ .Chart.Version }}"}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "{{ .Release.Name }}"}
rules: []
`;
const HANGS = `apiVersion: batch/v1
kind: Job
metadata: {name: farewell, annotations: {helm.sh/hook: pre-delete}}
spec:
  template:
    metadata: {annotations: {lab.tagalong.dev/play: not-ready}}
    spec: {restartPolicy: Never, containers: [{name: main, image: registry.invalid/main}]}
`;

let dir: string;
let lab: Lab;
let operator: Operator;

/** A lab of its own: the kind itself comes and goes here, and the operator with its rights. */
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'leaving-'));
  lab = await startLab({ dir: path.join(dir, 'lab') });
  await begin();
}, 120_000);
afterAll(async () => {
  await operator?.stop();
  await lab?.stop();
  await rm(dir, { recursive: true, force: true });
});

const run = async (args: readonly string[], input?: string): Promise<string> => (await kubectl(lab, args, input === undefined ? {} : { input })).stdout.trim();

const eventually = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    if (await isSo()) return;
    await delay(500); // each look is a process of its own
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s; the operator's log ends with\n${operator.log().slice(-8).join('\n')}`);
};

/** Installs Tagalong as people do, and starts an operator with the rights of that installation. */
const begin = async (): Promise<void> => {
  await run(['apply', '--server-side', '--kustomize', INSTALLATION]);
  await served(lab, CRD);
  const token = await run(['create', 'token', 'tagalong-operator', '--namespace', 'tagalong-system']);
  const kubeconfig = path.join(dir, 'kubeconfig');
  await writeFile(kubeconfig, (await readFile(lab.kubeconfig, 'utf8')).replace(lab.token, token), { mode: 0o600 });
  operator = await startOperator({ kubeconfig, operatorConfig: lab.operatorConfig }, { program: inject('operatorProgram'), args: ['--engines', '1'] });
};

const leave = async (...args: readonly string[]): Promise<string> => {
  const env = { ...process.env, KUBECTL: lab.tools['kubectl'], KUBECONFIG: lab.kubeconfig };
  return (await promisify(execFile)(path.join(ROOT, 'hack/leave.sh'), args, { env, timeout: 60_000 })).stdout;
};

const push = (name: string, version: string, more = '') =>
  pushChart(lab.registry, `demo/${name}`, 'stable', smallChart(name, version, { 'templates/more.yaml': `${TEMPLATES}---\n${more}` }));
const apply = (name: string, spec: Readonly<Record<string, unknown>> = {}) =>
  run(
    ['apply', '--server-side', '--filename=-'],
    JSON.stringify({
      apiVersion: 'tagalong.dev/v1beta1',
      kind: 'ChartRelease',
      metadata: { name, namespace: 'default' },
      spec: { chart: `${lab.registry}/demo/${name}:stable`, ...spec },
    }),
  );
const isReady = (name: string) => run(['wait', `chartrelease/${name}`, '--for=condition=Ready', '--timeout=30s']);
const reasonOf = (name: string) => run(['get', 'chartrelease', name, '--output=jsonpath={.status.conditions[?(@.type=="Ready")].reason}']);
const isThere = async (resource: string) => (await run(['get', resource, '--ignore-not-found', '--output=name'])) !== '';
/** Identity and state of the objects of these releases. */
const workloadsOf = async (...names: readonly string[]) => {
  const rows = await run([
    'get',
    'configmaps,deployments,clusterroles',
    '--selector=tagalong.dev/name',
    '--output=jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.deletionTimestamp}{"\\n"}{end}',
  ]);
  return rows
    .split('\n')
    .filter((row) => names.includes(row.split(' ')[1] ?? ''))
    .toSorted();
};
const statusesOf = async (name: string) => {
  const history = JSON.parse((await helm(lab, ['history', name, '--output=json'])).stdout) as readonly { readonly status: string; readonly description: string }[]; // Helm's own shape
  return history.map(({ status }) => status);
};

describe('the kind, deleted while the operator runs', () => {
  it('leaves every release as it is, but for those that were being uninstalled', async () => {
    for (const name of ['web', 'busy']) await push(name, '1.0.0');
    await push('asked', '1.0.0', HANGS);
    for (const name of ['web', 'busy', 'asked']) await apply(name);
    for (const name of ['web', 'busy', 'asked']) await isReady(name);
    await apply('busy', { values: { play: 'not-ready' } });
    await eventually('busy is under way', async () => (await reasonOf('busy')) === 'Progressing');
    await run(['delete', 'chartrelease', 'asked', '--wait=false']);
    await eventually('the uninstall of asked has begun', () => isThere('job/farewell'));
    const before = await workloadsOf('web', 'busy');
    expect(before).toHaveLength(6);

    const start = performance.now();
    await run(['delete', 'crd', CRD, '--wait=false']);
    await eventually('web is let go', async () => !(await isThere('chartrelease/web')));
    console.log(`a ChartRelease was let go ${((performance.now() - start) / 1000).toFixed(1)} s after its kind was deleted`);
    const pod = await run(['get', 'pods', '--selector=job-name=farewell', '--output=name']);
    await run(['patch', pod, '--subresource=status', '--type=merge', '--patch', '{"status":{"phase":"Succeeded"}}']);
    await eventually('the kind is gone', async () => !(await isThere(`crd/${CRD}`)));
    expect(await workloadsOf('web', 'busy', 'asked')).toEqual(before);
    expect([await statusesOf('web'), await statusesOf('busy')]).toEqual([['deployed'], ['deployed', 'failed']]);
    await expect(helm(lab, ['history', 'asked'])).rejects.toThrow('not found');
    const events = await run(['get', 'events', '--output=jsonpath={range .items[?(@.reason=="Orphaned")]}{.involvedObject.name}: {.message}{"\\n"}{end}']);
    expect(events).toContain('web: Helm release default/web stays as it is, since the CustomResourceDefinition of ChartReleases is being deleted');
  });

  it('takes them over again when it comes back, without a restart of the operator and without a new revision', async () => {
    const before = await workloadsOf('web');
    await run(['apply', '--server-side', '--kustomize', INSTALLATION]);
    await served(lab, CRD);
    await eventually('the kind is served', () =>
      apply('web').then(
        () => true,
        () => false,
      ),
    );
    await isReady('web');
    expect([await workloadsOf('web'), await statusesOf('web')]).toEqual([before, ['deployed']]);
  });
});

describe('without an operator', () => {
  it('nothing happens to workloads whatever is deleted, and hack/leave.sh lets everything go', async () => {
    await operator.kill();
    const before = await workloadsOf('web');
    await run(['delete', 'chartrelease', 'web', '--wait=false']);
    await run(['delete', 'crd', CRD, '--wait=false']);
    expect(await run(['get', 'chartrelease', 'web', '--output=jsonpath={.metadata.finalizers}'])).toContain('finalizers.tagalong.dev/release');
    expect(await leave()).toContain('chartrelease.tagalong.dev/web patched');
    await eventually('the kind is gone', async () => !(await isThere(`crd/${CRD}`)));
    expect(await run(['get', 'deployment', 'tagalong-operator', '--namespace=tagalong-system', '--output=jsonpath={.spec.replicas}'])).toBe('0');
    expect(await workloadsOf('web')).toEqual(before);
    await helm(lab, ['rollback', 'web', '1']);
    expect(await statusesOf('web')).toEqual(['superseded', 'deployed']);
  });

  it('hack/leave.sh keeps the ChartReleases, which go on when they are resumed', async () => {
    await begin();
    await push('kept', '1.0.0');
    await push('stuck', '1.0.0');
    await apply('kept');
    await apply('stuck', { values: { play: 'not-ready' } });
    await isReady('kept');
    await eventually('stuck is under way', async () => (await reasonOf('stuck')) === 'Progressing');
    await run(['patch', 'chartrelease', 'kept', '--type=merge', '--patch', '{"metadata":{"finalizers":["lab.tagalong.dev/other","finalizers.tagalong.dev/release"]}}']);
    const before = await workloadsOf('kept', 'stuck');
    await operator.kill();
    expect(await leave()).toContain('Helm release default/stuck has revision 1 under way: helm rollback (or helm uninstall) stuck --namespace default ends that');
    expect(await leave('--namespace', 'default')).toContain('chartrelease.tagalong.dev/kept patched (no change)');
    const left = async (name: string) =>
      JSON.parse(await run(['get', 'chartrelease', name, '--output=json'])) as {
        readonly metadata: { readonly finalizers?: readonly string[] };
        readonly spec: { readonly suspend: boolean };
      }; // the CRD's own shape
    expect(await left('kept')).toMatchObject({ metadata: { finalizers: ['lab.tagalong.dev/other'] }, spec: { suspend: true } });
    expect((await left('stuck')).metadata.finalizers).toBeUndefined();
    await begin();
    await run(['delete', 'chartrelease', 'stuck', '--timeout=20s']);
    await run(['patch', 'chartrelease', 'kept', '--type=merge', '--patch', '{"metadata":{"finalizers":null},"spec":{"suspend":false}}']);
    await isReady('kept');
    await eventually('our finalizer is back', async () => ((await left('kept')).metadata.finalizers ?? []).includes('finalizers.tagalong.dev/release'));
    expect([await workloadsOf('kept', 'stuck'), await statusesOf('kept')]).toEqual([before, ['deployed']]);
  });
});

describe('an installation that is deleted with its ChartReleases', () => {
  it('uninstalls nothing, and is gone when hack/leave.sh has run', async () => {
    const before = await workloadsOf('kept');
    expect(before).toHaveLength(3);
    await run(['delete', '--kustomize', INSTALLATION, '--wait=false']);
    await eventually('the operator has no rights any more', async () => !(await isThere('clusterrolebinding/tagalong-operator')));
    if (await isThere(`crd/${CRD}`)) await leave();
    await eventually('the kind is gone', async () => !(await isThere(`crd/${CRD}`)));
    expect([await workloadsOf('kept'), await statusesOf('kept')]).toEqual([before, ['deployed']]);
  });
});
