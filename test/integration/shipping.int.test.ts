import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Access, askApi } from '../lab/api.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type Operator, startOperator } from '../lab/operator.ts';
import { type RendererProgram, startRenderer } from '../lab/renderer.ts';
import { helm, kubectl } from '../lab/run.ts';
import { pushChart, smallChart } from '../registry/push.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SAMPLES = path.join(ROOT, 'config/samples');
const NAMESPACE = 'tagalong-system';
/** For what a busy machine may take several tries to do. */
const PATIENT = { timeout: 30_000, interval: 100 };
const IMAGE = 'registry.example.com/tagalong:1.2.3';

type Json = Readonly<Record<string, unknown>>;
interface Container extends Json {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly securityContext: Json;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface PodSpec extends Json {
  readonly securityContext: Json;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
}

let dir: string;
let lab: Lab;
let install: string;

/** Runs a target of the Makefile, as people do. */
const make = (...args: readonly string[]) => promisify(execFile)('make', ['--no-print-directory', ...args], { cwd: ROOT });

const run = async (args: readonly string[], input?: string): Promise<string> => (await kubectl(lab, args, input === undefined ? {} : { input })).stdout.trim();

/** A lab of its own: the CRD, the namespace and the ClusterRoles of an installation come and go here. */
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'shipping-'));
  lab = await startLab({ dir: path.join(dir, 'lab') });
  await make('manifests', `DIST=${dir}`, `IMAGE=${IMAGE}`, `KUBECTL=${lab.tools['kubectl']}`);
  install = path.join(dir, 'install.yaml');
  await run(['apply', '--server-side', '--filename', install]);
}, 120_000);
afterAll(async () => {
  await lab?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** The Pod of the Deployment, as the API server has admitted it. */
const admitted = async (): Promise<PodSpec> => {
  const { items } = JSON.parse(await run(['get', 'pods', '--namespace', NAMESPACE, '--selector=app.kubernetes.io/name=tagalong', '--output=json'])) as {
    readonly items: readonly { readonly spec: PodSpec }[]; // the API's own shape
  };
  const [pod] = items;
  if (pod === undefined) throw new Error(`no Pod of the Deployment is in ${NAMESPACE}`);
  return pod.spec;
};

const containersOf = ({ initContainers, containers }: PodSpec): readonly Container[] => [...initContainers, ...containers];

describe('the installed operator', () => {
  it('becomes Available in a namespace that enforces the restricted Pod Security Standard', async () => {
    await run(['wait', '--namespace', NAMESPACE, 'deployment/tagalong-operator', '--for=condition=Available', '--timeout=40s']);
    expect(await run(['get', 'namespace', NAMESPACE, '--output=jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}'])).toBe('restricted');
    expect(containersOf(await admitted()).map(({ name, image, restartPolicy }) => [name, image, restartPolicy])).toEqual([
      ['renderer', IMAGE, 'Always'],
      ['operator', IMAGE, undefined],
    ]);
  });

  it('runs two users on read-only file systems, and gives the token to the operator alone', async () => {
    const pod = await admitted();
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false, securityContext: { runAsNonRoot: true, fsGroup: 65531 } });
    expect(containersOf(pod).map(({ securityContext }) => [securityContext['runAsUser'], securityContext['readOnlyRootFilesystem']])).toEqual([
      [65533, true],
      [65532, true],
    ]);
    expect(containersOf(pod).map(({ volumeMounts }) => volumeMounts.map(({ mountPath }) => mountPath))).toEqual([
      ['/run/tagalong'],
      ['/etc/tagalong', '/etc/tagalong-registry', '/etc/tagalong-registry-tls', '/var/run/secrets/kubernetes.io/serviceaccount', '/run/tagalong', '/var/lib/tagalong/charts'],
    ]);
  });

  it('keeps charts on a volume that outlives the Pods where that is asked for', async () => {
    const applied = async (folder: string) => {
      const objects = await run(['apply', '--server-side', '--dry-run=server', '--output=json', '--kustomize', path.join(ROOT, folder)]);
      const { items } = JSON.parse(objects) as {
        readonly items: readonly { readonly kind: string; readonly spec?: { readonly template?: { readonly spec: { readonly volumes: readonly Json[] } } } }[];
      }; // the API's own shapes
      const [store] = items.flatMap(({ kind, spec }) => (kind === 'Deployment' ? (spec?.template?.spec.volumes ?? []) : [])).filter(({ name }) => name === 'chart-store');
      return { store, claims: items.filter(({ kind }) => kind === 'PersistentVolumeClaim').length };
    };
    expect(await applied('config/default')).toEqual({ store: { name: 'chart-store', emptyDir: { sizeLimit: '1Gi' } }, claims: 0 });
    expect(await applied('config/persistent')).toEqual({ store: { name: 'chart-store', persistentVolumeClaim: { claimName: 'tagalong-chart-store' } }, claims: 1 });
  });

  it('is two Pods, of which an eviction leaves one', async () => {
    expect(await run(['get', 'deployment/tagalong-operator', '--namespace', NAMESPACE, '--output=jsonpath={.spec.replicas} {.status.readyReplicas}'])).toBe('2 2');
    const budget = () => run(['get', 'poddisruptionbudget/tagalong-operator', '--namespace', NAMESPACE, '--output=jsonpath={.status.expectedPods} {.status.disruptionsAllowed}']);
    await expect.poll(budget, PATIENT).toBe('2 1');
  });

  it('needs no more than its Role to elect a leader', async () => {
    await run(['create', 'rolebinding', 'standby', '--role=tagalong-leader-election', '--serviceaccount=default:standby', '--namespace', NAMESPACE]);
    const can = async (...what: readonly string[]) => {
      const asked = run(['auth', 'can-i', ...what, '--as=system:serviceaccount:default:standby', '--namespace', NAMESPACE]);
      return asked.catch(() => 'no'); // which kubectl also says with its exit code
    };
    const lease = 'leases.coordination.k8s.io';
    expect(await Promise.all([can('create', lease), can('get', `${lease}/tagalong-operator`), can('patch', `${lease}/tagalong-operator`)])).toEqual(['yes', 'yes', 'yes']);
    expect(await Promise.all([can('get', `${lease}/another`), can('delete', `${lease}/tagalong-operator`)])).toEqual(['no', 'no']);
  });

  type Change = (pod: PodSpec) => PodSpec;
  const without = (name: string, field: string): Change => {
    const strip = (container: Container) => (container.name === name ? { ...container, securityContext: omit(container.securityContext, field) } : container);
    return (pod) => ({ ...pod, initContainers: pod.initContainers.map(strip), containers: pod.containers.map(strip) });
  };
  const withoutPodWide =
    (field: string): Change =>
    (pod) => ({ ...pod, securityContext: omit(pod.securityContext, field) });
  const omit = (from: Json, field: string): Json => {
    expect(from).toHaveProperty(field);
    return Object.fromEntries(Object.entries(from).filter(([key]) => key !== field));
  };

  let template: PodSpec;
  let access: Access;
  beforeAll(async () => {
    const deployment = JSON.parse(await run(['get', 'deployment/tagalong-operator', '--namespace', NAMESPACE, '--output=json']));
    template = deployment.spec.template.spec;
    access = { server: lab.server, token: lab.token, ca: await readFile(lab.caFile, 'utf8') };
  });

  /** Asks the API server for a Pod of this template, without keeping it. */
  const ask = (change: Change) => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asked' }, spec: change(template) };
    return askApi(access, 'POST', `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`, pod);
  };

  it('is accepted as it is rendered', async () => {
    expect(await ask((pod) => pod)).toMatchObject({ status: 201 });
  });

  it.each<readonly [string, Change, string]>([
    ['runAsNonRoot', withoutPodWide('runAsNonRoot'), 'runAsNonRoot != true'],
    ['a seccomp profile', withoutPodWide('seccompProfile'), 'seccompProfile (pod or containers'],
    ['allowPrivilegeEscalation: false of the operator', without('operator', 'allowPrivilegeEscalation'), 'allowPrivilegeEscalation != false (container "operator"'],
    ['allowPrivilegeEscalation: false of the renderer', without('renderer', 'allowPrivilegeEscalation'), 'allowPrivilegeEscalation != false (container "renderer"'],
    ['the dropped capabilities of the operator', without('operator', 'capabilities'), 'unrestricted capabilities (container "operator"'],
    ['the dropped capabilities of the renderer', without('renderer', 'capabilities'), 'unrestricted capabilities (container "renderer"'],
  ])('would be refused without %s', async (_, change, words) => {
    const { status, body } = await ask(change);
    expect(status).toBe(403);
    expect(JSON.parse(body).message).toContain(words);
  });
});

describe('the samples', () => {
  it('are accepted, and go again', async () => {
    expect((await run(['apply', '--filename', SAMPLES])).split('\n')).toHaveLength((await readdir(SAMPLES)).length);
    expect((await run(['get', 'chartreleases', '--output=name'])).split('\n')).toEqual(
      ['billing', 'billing-patched', 'hello', 'shop'].map((name) => `chartrelease.tagalong.dev/${name}`),
    );
    await run(['delete', '--filename', SAMPLES, '--timeout=20s']);
    expect(await run(['get', 'chartreleases', '--output=name'])).toBe('');
  });

  it.each<readonly [string, readonly [string, string], string]>([
    ['an interval that is too short', ['interval: 10s', 'interval: 1s'], 'spec.interval'],
    ['a field that does not exist', ['interval: 10s', 'intervall: 10s'], 'spec.intervall'],
  ])('would be refused with %s', async (_, [from, to], words) => {
    const sample = await readFile(path.join(SAMPLES, 'hello.yaml'), 'utf8');
    expect(sample).toContain(from);
    await expect(run(['apply', '--server-side', '--dry-run=server', '--filename=-'], sample.replace(from, to))).rejects.toThrow(words);
  });
});

describe('what is in the image, with the rights of the installation', () => {
  const BUNDLE = path.join(ROOT, '.build/operator');
  let operator: Operator;
  let renderer: RendererProgram;

  beforeAll(async () => {
    await make('.build/operator/operator.mjs');
    const kubeconfig = path.join(dir, 'service-account.kubeconfig');
    const token = await run(['create', 'token', 'tagalong-operator', '--namespace', NAMESPACE]);
    await writeFile(kubeconfig, (await readFile(lab.kubeconfig, 'utf8')).replace(lab.token, token));
    await chmod(kubeconfig, 0o600);
    expect(await run(['auth', 'whoami', '--kubeconfig', kubeconfig, '--output=jsonpath={.status.userInfo.username}'])).toBe(`system:serviceaccount:${NAMESPACE}:tagalong-operator`);
    const socket = path.join(dir, 's');
    renderer = startRenderer({ socket, program: path.join(BUNDLE, 'renderer.mjs') });
    operator = await startOperator(
      { kubeconfig, operatorConfig: lab.operatorConfig },
      { program: path.join(BUNDLE, 'operator.mjs'), args: ['--renderer-socket', socket, '--leader-elect', '--leader-elect-resource-namespace', NAMESPACE] },
    );
  }, 120_000);
  afterAll(async () => {
    await operator?.stop();
    await renderer?.end();
  });

  it('installs a sample, and uninstalls it', async () => {
    await pushChart(lab.registry, 'demo/hello', 'stable', smallChart('hello', '0.1.0'));
    await run(['apply', '--filename=-'], (await readFile(path.join(SAMPLES, 'hello.yaml'), 'utf8')).replace('registry.example.com', lab.registry));
    await run(['wait', 'chartrelease/hello', '--for=condition=Ready', '--timeout=40s']);
    expect((await helm(lab, ['list', '--short'])).stdout.trim()).toBe('hello');
    expect(await run(['get', 'configmap/hello', '--output=name'])).toBe('configmap/hello');
    await run(['delete', 'chartrelease/hello', '--timeout=40s']);
    expect(await run(['get', 'configmap/hello', '--ignore-not-found', '--output=name'])).toBe('');
    expect((await helm(lab, ['list', '--short'])).stdout.trim()).toBe('');
  });

  it.each(['operator', 'renderer'])('says which Node it needs where it is started by an older one: %s', async (name) => {
    const older = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})';
    const starting = promisify(execFile)(process.execPath, ['--import', older, path.join(BUNDLE, `${name}.mjs`), '--help']);
    await expect(starting).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(new RegExp(`^the ${name} needs Node 24\\.\\d+ or later, and this is 20\\.1\\.0`)) });
  });

  it('answers the probe of the renderer container, and says so when it hangs', async () => {
    const socket = path.join(dir, 's');
    const probe = () => promisify(execFile)(process.execPath, [path.join(BUNDLE, 'renderer.mjs'), '--socket', socket, '--probe']);
    const says = () => probe().then(({ stdout }) => stdout, String);
    await expect.poll(says, PATIENT).toMatch(/^the renderer at \S+ answers: version \d/);
    renderer.send('SIGSTOP');
    await expect(probe()).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('said nothing for 2000 ms') });
    renderer.send('SIGCONT');
    await expect.poll(says, PATIENT).toContain('answers');
  });
});

describe('an installation that is deleted', () => {
  it('is gone', async () => {
    await run(['delete', '--filename', install, '--timeout=50s']);
    const deadline = Date.now() + 30_000;
    let left = 'not looked';
    while (left !== '' && Date.now() < deadline) {
      left = await run(['get', 'namespaces,crds,clusterroles,clusterrolebindings', '--output=name']).then((names) =>
        names
          .split('\n')
          .filter((name) => name.includes('tagalong'))
          .join('\n'),
      );
      if (left !== '') await delay(500); // each look is a process of its own
    }
    expect(left).toBe('');
  });
});
