import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

/** How kwok plays the pods, see test/lab/kwok.yaml, and what else is in their spec. */
interface Play {
  readonly play?: string;
  readonly pod?: string;
  readonly replicas?: number;
}

const MAIN = 'containers: [{name: main, image: registry.invalid/main}]';

const template = ({ play = '', pod = MAIN }: Play, labels = '') => `template:
    metadata: {${labels}annotations: {lab.tagalong.dev/play: "${play}"}}
    spec: {${pod}}`;

const workload = (kind: string, more: string, play: Play) => `---
apiVersion: apps/v1
kind: ${kind}
metadata: {name: "{{ .Release.Name }}"}
spec:
  ${more}selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  ${template(play, 'labels: {app: "{{ .Release.Name }}"}, ')}
`;

const deployment = (play: Play) => workload('Deployment', `replicas: ${play.replicas ?? 1}\n  `, play);
const job = (play: Play, more = '') => `---
apiVersion: batch/v1
kind: Job
metadata: {name: "{{ .Release.Name }}-job"${more}}
spec:
  backoffLimit: 0
  ${template({ ...play, pod: `restartPolicy: Never, ${play.pod ?? MAIN}` })}
`;
const claim = `---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: "{{ .Release.Name }}-files"}
spec: {accessModes: [ReadWriteOnce], storageClassName: there-is-none, resources: {requests: {storage: 1Gi}}}
`;

/** Requests of an operator so far, by its own count. */
const requestsOf = async (site: Site, verb: string): Promise<number> => {
  const metrics = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  const lines = metrics.split('\n').filter((line) => line.startsWith('rest_client_requests_total{') && line.includes(`method="${verb}"`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
};

const NOWHERE = `nodeSelector: {disk: there-is-none}, ${MAIN}`;
const NO_NODE = "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector";

interface SeenPod {
  readonly metadata: { readonly name: string; readonly uid: string };
}

describe.concurrent('the message of Ready', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('why');
  });
  afterAll(() => site.close());

  const install = async (name: string, templates: string, spec: Readonly<Record<string, unknown>> = {}, version = '1.0.0') => {
    await site.pushSmall(name, 'stable', version, { 'templates/work.yaml': templates });
    await site.release(name, { chart: site.reference(name, 'stable'), onFailure: 'Keep', ...spec });
  };
  const upgrade = async (name: string, version: string, templates: string) => {
    await site.pushSmall(name, 'stable', version, { 'templates/work.yaml': templates });
    await site.lookNow(name);
  };

  const podsOf = async (selector: string) =>
    (JSON.parse((await site.kubectl(['get', 'pods', '-l', selector, '-o', 'json'])).stdout) as { readonly items: readonly SeenPod[] }).items; // the API's own shape
  const podOf = async (selector: string): Promise<SeenPod> => {
    let found: readonly SeenPod[] = [];
    await site.eventually(`a pod with ${selector}`, async () => {
      found = await podsOf(selector);
      return found.length > 0;
    });
    const [pod] = found;
    if (pod === undefined) throw new Error('unreachable');
    return pod;
  };

  /** A message without what the digest is, and with `*` in place of what Kubernetes made up of the names of pods. */
  const plain = (message: string) =>
    message
      .replace(/\([0-9a-f]{12}\)/, '(...)')
      .replaceAll(site.namespace, 'ns')
      .replaceAll(/Pod ([a-z]+(?:-job)?)(?:-[0-9a-z]+){1,2}: /g, 'Pod $1-*: ');

  /** What it says as soon as it says that. */
  const says = async (name: string, reason: string, words: string) => {
    const status = await site.reaches(name, `${reason} with ${words}`, (seen) => {
      const ready = conditionIn(seen, 'Ready');
      return ready?.reason === reason && (ready.message ?? '').includes(words);
    });
    return plain(conditionIn(status, 'Ready')?.message ?? '');
  };

  /** An Event as a kubelet announces it. */
  const announce = async (pod: SeenPod, reason: string, message: string) => {
    const now = new Date().toISOString().replace(/\.\d+/, '');
    await site.ask('POST', `/api/v1/namespaces/${site.namespace}/events`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: `${pod.metadata.name}.`, namespace: site.namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: site.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
      type: 'Warning',
      reason,
      message,
      source: { component: 'kubelet' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
  };

  const CAUSES: readonly (readonly [string, Play, string])[] = [
    ['pulls', { play: 'pull-error' }, 'Pod pulls-*: container main: ImagePullBackOff of registry.invalid/main: not found'],
    ['crashes', { play: 'crash' }, 'Pod crashes-*: container main exited with 1 (Error), CrashLoopBackOff; its log ends with: ends'],
    ['config', { play: 'config-error' }, 'Pod config-*: container main: CreateContainerConfigError: secret "database" not found'],
    ['nowhere', { pod: NOWHERE }, `Pod nowhere-*: ${NO_NODE}`],
    [
      'init',
      { play: 'init-crash', pod: `initContainers: [{name: wait, image: registry.invalid/wait}], ${MAIN}` },
      'Pod init-*: init container wait exited with 2 (Error), CrashLoopBackOff; its log ends with: ends',
    ],
  ];

  const statusWrites = async (name: string) => (await site.writes()).filter((write) => write.includes(`chartreleases/${name}/status`)).length;

  const holdsBack = async ([name, play, cause]: (typeof CAUSES)[number]) => {
    await install(name, deployment(play), { timeout: '12s' });
    expect(await says(name, 'Progressing', cause.slice(-10))).toBe(`revision 1 (...) is applied; waiting for Deployment ns/${name}: ${cause}`);
    const before = await statusWrites(name);
    expect(await says(name, 'InstallFailed', name)).toBe(
      `revision 1 (...) was not ready within 12s: Deployment ns/${name}: ${cause}; it stays in place and is deployed as soon as it becomes ready`,
    );
    expect((await statusWrites(name)) - before).toBe(1);
    const history = JSON.parse((await site.helm(['history', name, '-o', 'json'])).stdout) as readonly { readonly description: string }[]; // Helm's own shape
    expect(plain(history[0]?.description ?? '')).toContain(`Deployment ns/${name}: ${cause}`);
  };

  it('names what holds a Deployment back, does not change while nothing happens, and stands in the record', async () => {
    await Promise.all(CAUSES.map(holdsBack));
  });

  it('has the words of a failed probe, which only Events have, and follows what the pod does next', async () => {
    await install('probed', deployment({ play: 'not-ready' }), { timeout: '1m' });
    const pod = await podOf('app=probed');
    expect(await says('probed', 'Progressing', 'is not ready')).toBe('revision 1 (...) is applied; waiting for Deployment ns/probed: Pod probed-*: container main is not ready');
    await announce(pod, 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503');
    expect(await says('probed', 'Progressing', 'probe failed')).toBe(
      'revision 1 (...) is applied; waiting for Deployment ns/probed: Pod probed-*: container main is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503',
    );
    const status = {
      containerStatuses: [
        { name: 'main', image: 'x', imageID: '', ready: false, restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 7 } } },
      ],
    };
    const at = Date.now();
    await site.kubectl(['patch', 'pod', pod.metadata.name, '--subresource=status', '--type=merge', '--patch', JSON.stringify({ status })]);
    await says('probed', 'Progressing', 'container main exited with 7, CrashLoopBackOff; its log ends with: ends');
    expect(Date.now() - at).toBeLessThan(15_000);
    await site.kubectl([
      'patch',
      'pod',
      pod.metadata.name,
      '--subresource=status',
      '--type=merge',
      '--patch',
      JSON.stringify({
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          containerStatuses: [{ name: 'main', image: 'x', imageID: '', ready: true, restartCount: 2, state: { running: {} } }],
        },
      }),
    ]);
    await site.ready('probed', 1);
  });

  it('is of the newest pods alone, and a wait that cannot help ends at once', async () => {
    await install('image', deployment({ replicas: 2 }));
    await site.ready('image', 1);
    const at = Date.now();
    await upgrade('image', '2.0.0', deployment({ replicas: 2, play: 'bad-image' }));
    expect(await says('image', 'UpgradeFailed', 'InvalidImageName')).toBe(
      `revision 2 (...) failed: Deployment ns/image: Pod image-*: container main: InvalidImageName: Failed to apply default image tag "registry.invalid/main": couldn't parse image name "registry.invalid/main": invalid reference format; it stays in place and is deployed as soon as it becomes ready`,
    );
    expect(Date.now() - at).toBeLessThan(20_000);
  });

  it('names a quota', async () => {
    const other = `${site.namespace}-quota`;
    await site.addNamespace(other);
    await site.ask('POST', `/api/v1/namespaces/${other}/resourcequotas`, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small' }, spec: { hard: { pods: '0' } } });
    await install('many', deployment({}), { targetNamespace: other });
    await install('ordered', workload('StatefulSet', 'serviceName: x\n  ', {}), { targetNamespace: other });
    expect(await says('many', 'Progressing', 'exceeded')).toBe(
      'revision 1 (...) is applied; waiting for Deployment ns-quota/many: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0',
    );
    expect(await says('ordered', 'Progressing', 'exceeded')).toBe(
      'revision 1 (...) is applied; waiting for StatefulSet ns-quota/ordered: FailedCreate: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0',
    );
    await site.remove('many');
    await site.remove('ordered');
    await site.eventually('both are gone', async () => (await site.seen('many')) === undefined && (await site.seen('ordered')) === undefined);
    await site.ask('DELETE', `/api/v1/namespaces/${other}`);
  });

  it('names a claim, also one that a StatefulSet makes', async () => {
    await install('claims', claim + deployment({ pod: `volumes: [{name: files, persistentVolumeClaim: {claimName: claims-files}}], ${MAIN}` }), { timeout: '1m' });
    const more =
      'serviceName: x\n  volumeClaimTemplates: [{metadata: {name: files}, spec: {accessModes: [ReadWriteOnce], storageClassName: there-is-none, resources: {requests: {storage: 1Gi}}}}]\n  ';
    await install('made', workload('StatefulSet', more, {}), { timeout: '1m' });
    expect(await says('claims', 'Progressing', 'ProvisioningFailed')).toBe(
      'revision 1 (...) is applied; waiting for PersistentVolumeClaim ns/claims-files: ProvisioningFailed: storageclass.storage.k8s.io "there-is-none" not found',
    );
    expect(await says('made', 'Progressing', 'ProvisioningFailed')).toBe(
      'revision 1 (...) is applied; waiting for StatefulSet ns/made: Pod made-*: Unschedulable: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found; PersistentVolumeClaim files-made-0: ProvisioningFailed: storageclass.storage.k8s.io "there-is-none" not found',
    );
  });

  it('has the end of a Job that failed, at once', async () => {
    await install('jobs', job({ play: 'fail' }));
    expect(await says('jobs', 'InstallFailed', 'BackoffLimitExceeded')).toBe(
      'revision 1 (...) failed: Job ns/jobs-job: BackoffLimitExceeded: Job has reached the specified backoff limit; Pod jobs-job-*: container main exited with 1 (Error); its log ends with: ends; it stays in place and is deployed as soon as it becomes ready',
    );
  });

  it('says of a hook what its pod waits for, and ends with the timeout', async () => {
    const hook = ', annotations: {helm.sh/hook: pre-install}';
    await install('hooked', job({ pod: NOWHERE }, hook), { timeout: '6s' });
    const named = 'pre-install hook Job hooked-job (hooked/templates/work.yaml)';
    expect(await says('hooked', 'Progressing', 'Unschedulable')).toBe(`revision 1 (...) waits for ${named}: Job ns/hooked-job: Pod hooked-job-*: ${NO_NODE}`);
    expect(await says('hooked', 'HookFailed', 'hooked-job')).toBe(`${named} did not end within 6s: Job ns/hooked-job: Pod hooked-job-*: ${NO_NODE}`);
  });

  it('says of a hook that cannot begin why, and does not wait', async () => {
    await install('hopeless', job({ play: 'bad-image' }, ', annotations: {helm.sh/hook: pre-install}'));
    expect(await says('hopeless', 'HookFailed', 'InvalidImageName')).toBe(
      `pre-install hook Job hopeless-job (hopeless/templates/work.yaml) failed: Job ns/hopeless-job: Pod hopeless-job-*: container main: InvalidImageName: Failed to apply default image tag "registry.invalid/main": couldn't parse image name "registry.invalid/main": invalid reference format`,
    );
  });
});

describe.concurrent('what the cause costs', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('cost');
  });
  afterAll(() => site.close());

  it('is nothing while a release has failed and nothing happens, and a few requests before', async () => {
    await site.pushSmall('cost', '1.0.0', '1.0.0', { 'templates/work.yaml': deployment({ play: 'crash' }) });
    const costOf = async (name: string, wait: boolean, timeout = '3s') => {
      const before = await requestsOf(site, 'GET');
      await site.release(name, { chart: site.reference('cost', '1.0.0'), onFailure: 'Keep', timeout, wait });
      await (wait ? site.fails(name, 'InstallFailed') : site.ready(name, 1));
      return (await requestsOf(site, 'GET')) - before;
    };
    // What every kind is asked for once.
    await costOf('first', true, '1s');
    const unwaited = await costOf('unwaited', false);
    // The Deployment, its ReplicaSets, its pods, the watch on them, and the log; and once more what a busy machine lets change meanwhile.
    expect((await costOf('waited', true)) - unwaited).toBeLessThanOrEqual(10);
    const atRest = await requestsOf(site, 'GET');
    await site.kubectl(['annotate', 'pod', '--all', 'somebody=else']);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await requestsOf(site, 'GET')).toBe(atRest);
  });
});
