import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

/** An object as these tests read it. */
interface Seen {
  readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string };
  readonly data?: Readonly<Record<string, string>>;
}

let site: Site;
beforeAll(async () => {
  site = await openSite('force');
});
afterAll(() => site.close());

const seen = async (resource: string) => (await site.object(resource)) as Seen | undefined; // the API's own shape
const uidOf = async (resource: string) => (await seen(resource))?.metadata.uid;

const install = async (name: string, template: string, spec: Readonly<Record<string, unknown>> = {}) => {
  await site.pushSmall(name, 'stable', '1.0.0', { 'templates/objects.yaml': template });
  await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
  await site.ready(name, 1);
};

const upgrade = async (name: string, version: string, template: string) => {
  await site.pushSmall(name, 'stable', version, { 'templates/objects.yaml': template });
  await site.lookNow(name);
};

const events = async (name: string, reason: string) =>
  (await site.kubectl(['get', 'events.events.k8s.io', '--field-selector', `regarding.name=${name},reason=${reason}`, '-o', 'jsonpath={range .items[*]}{.note}{"\\n"}{end}']))
    .stdout;

const deployment = (name: string, label: string, templateLabel = label) => `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 0
  selector: {matchLabels: {app: ${label}}}
  template: {metadata: {labels: {app: ${templateLabel}}}, spec: {containers: [{name: main, image: registry.invalid/main}]}}
`;

const frozen = (name: string, value: string, annotations = '') => `---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}${annotations}}
immutable: true
data: {key: ${value}}
`;

describe.concurrent('a field that cannot be changed', () => {
  it('stops an upgrade, with what to do; with spec.force that object alone is made anew', async () => {
    await install('selector', deployment('web', 'one') + frozen('other', 'same'));
    const before = [await uidOf('apps/v1/deployments/web'), await uidOf('configmaps/other'), await uidOf('configmaps/selector')];
    await upgrade('selector', '2.0.0', deployment('web', 'two') + frozen('other', 'same'));
    const message = await site.fails('selector', 'ManifestRejected');
    expect(message).toContain('field is immutable (selector/templates/objects.yaml); spec.force: true has it deleted and made anew, or rename the object in the chart');
    expect(await uidOf('apps/v1/deployments/web')).toBe(before[0]);
    await site.release('selector', { chart: site.reference('selector', 'stable'), force: true });
    await site.ready('selector', 2);
    const after = [await uidOf('apps/v1/deployments/web'), await uidOf('configmaps/other'), await uidOf('configmaps/selector')];
    expect(after[0]).not.toBe(before[0]);
    expect(after.slice(1)).toEqual(before.slice(1));
    const made = `Deployment ${site.namespace}/web (selector/templates/objects.yaml) was deleted to be made anew, as spec.force says`;
    await vi.waitFor(async () => expect(await events('selector', 'ObjectMadeAnew')).toContain(made), { timeout: 30_000, interval: 100 });
  });

  it('is known by the words that the API server has for it, kind by kind', async () => {
    const { namespace } = site;
    const pod = '{metadata: {labels: {app: LABEL}}, spec: {containers: [{name: main, image: registry.invalid/main}]}}';
    const objects = (change: string) =>
      [
        `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: words}\nspec: {replicas: 0, serviceName: ${change}, selector: {matchLabels: {app: ${change}}}, template: ${pod}}`,
        `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: words}\nspec: {selector: {matchLabels: {app: ${change}}}, template: ${pod.replace('spec: {', 'spec: {nodeSelector: {never: ready}, ')}}`,
        `apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: words}\nspec: {replicas: 0, selector: {matchLabels: {app: ${change}}}, template: ${pod}}`,
        `apiVersion: batch/v1\nkind: Job\nmetadata: {name: words}\nspec: {template: ${pod.replace('spec: {', 'spec: {restartPolicy: Never, nodeSelector: {never: ready}, ')}}`,
        `apiVersion: v1\nkind: Pod\nmetadata: {name: words}\nspec: {nodeSelector: {never: ${change}}, containers: [{name: main, image: registry.invalid/main}]}`,
        `apiVersion: v1\nkind: Service\nmetadata: {name: words}\nspec: {type: LoadBalancer, loadBalancerClass: example.com/${change}, ports: [{port: 80}]}`,
        `apiVersion: v1\nkind: Secret\nmetadata: {name: words}\ntype: example.com/${change}`,
        `apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: words}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${change}}`,
        `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: ${namespace}}\nprovisioner: example.com/${change}\nparameters: {a: ${change}}`,
        `apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: ${namespace}}\nvalue: ${change.length}`,
        `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: ${namespace}}\nspec: {controller: example.com/${change}}`,
      ]
        .map((text) => `---\n${text.replaceAll('LABEL', change)}\n`)
        .join('');
    const namespaced = [
      'apps/v1/statefulsets',
      'apps/v1/daemonsets',
      'apps/v1/replicasets',
      'batch/v1/jobs',
      'pods',
      'services',
      'secrets',
      'rbac.authorization.k8s.io/v1/rolebindings',
    ];
    const ofCluster = ['storage.k8s.io/v1/storageclasses', 'scheduling.k8s.io/v1/priorityclasses', 'networking.k8s.io/v1/ingressclasses'];
    const uidIn = async (resource: string) =>
      ofCluster.includes(resource) ? ((await site.read(`/apis/${resource}/${namespace}`)) as Seen | undefined)?.metadata.uid : uidOf(`${resource}/words`); // the API's own shape
    const uids = async () => Promise.all([...namespaced, ...ofCluster].map(async (resource) => `${resource} ${await uidIn(resource)}`));
    await install('words', objects('one'), { wait: false, force: true });
    const before = await uids();
    await upgrade('words', '2.0.0', objects('three'));
    await site.ready('words', 2);
    const after = await uids();
    expect(after.filter((uid) => uid.endsWith('undefined'))).toEqual([]);
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
    await site.remove('words');
    await site.eventually('the release is gone', async () => (await site.seen('words')) === undefined);
  });

  it('lets nothing be deleted with which data would go, or what is to be kept, whatever spec.force says', async () => {
    const claim = (size: string, mode: string) =>
      `---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [${mode}], storageClassName: none, resources: {requests: {storage: ${size}}}}\n`;
    await install('claims', claim('1Gi', 'ReadWriteOnce'), { force: true, wait: false });
    const uid = await uidOf('persistentvolumeclaims/data');
    await upgrade('claims', '2.0.0', claim('1Gi', 'ReadWriteMany'));
    expect(await site.fails('claims', 'ManifestRejected')).toContain(`PersistentVolumeClaim ${site.namespace}/data is not deleted for spec.force, since data would go with it`);
    expect(await uidOf('persistentvolumeclaims/data')).toBe(uid);

    const kept = ', annotations: {helm.sh/resource-policy: keep}';
    await install('treasure', frozen('treasure-x', 'one', kept), { force: true });
    await upgrade('treasure', '2.0.0', frozen('treasure-x', 'two', kept));
    expect(await site.fails('treasure', 'ManifestRejected')).toContain('since helm.sh/resource-policy keeps it');

    const stateful = (service: string, policy: string) =>
      `---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {replicas: 0, serviceName: ${service}, persistentVolumeClaimRetentionPolicy: {whenDeleted: ${policy}}, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: main, image: registry.invalid/main}]}}}\n`;
    await install('db', stateful('one', 'Delete'), { force: true });
    const db = await uidOf('apps/v1/statefulsets/db');
    await upgrade('db', '2.0.0', stateful('two', 'Delete'));
    expect(await site.fails('db', 'ManifestRejected')).toContain('set whenDeleted to Retain first');
    expect(await uidOf('apps/v1/statefulsets/db')).toBe(db);
  });

  it('lets nothing be deleted whose successor the API server refuses, or that somebody else has by now', async () => {
    await install('odd', deployment('odd-web', 'one'), { force: true });
    const uid = await uidOf('apps/v1/deployments/odd-web');
    await upgrade('odd', '2.0.0', deployment('odd-web', 'two', 'three'));
    expect(await site.fails('odd', 'ManifestRejected')).toContain('does not match template');
    await site.kubectl(['label', '--overwrite', 'deployment', 'odd-web', 'tagalong.dev/name=somebody']);
    await upgrade('odd', '2.0.1', deployment('odd-web', 'two'));
    expect(await site.fails('odd', 'ObjectNotOwned')).toContain(`it belongs to ChartRelease ${site.namespace}/somebody`);
    expect(await uidOf('apps/v1/deployments/odd-web')).toBe(uid);
  });
});

it('objects that a person has given to another Helm release stay, which is said', async () => {
  await install('helmed', frozen('handed-over', 'one'));
  const uid = await uidOf('configmaps/handed-over');
  await site.pushSmall('taker', '1.0.0', '1.0.0', { 'templates/objects.yaml': frozen('handed-over', 'one') });
  await site.helm([
    'install',
    'taker',
    `oci://${site.reference('taker', '1.0.0').replace(/:[^:]*$/, '')}`,
    '--version',
    '1.0.0',
    '--plain-http',
    '--take-ownership',
    '--force-conflicts',
  ]);
  await upgrade('helmed', '2.0.0', '');
  await site.ready('helmed', 2);
  expect(await uidOf('configmaps/handed-over')).toBe(uid);
  const note = `not deleted: ConfigMap ${site.namespace}/handed-over, which belongs to Helm release ${site.namespace}/taker\n`;
  await site.eventually('the Event is there', async () => (await events('helmed', 'ObjectsLeft')) === note);
});

it('objects are deleted in the order of stock helm', async () => {
  const pod = '{metadata: {labels: {app: order}}, spec: {restartPolicy: Never, containers: [{name: main, image: registry.invalid/main}]}}';
  const objects = [
    'v1 ServiceAccount',
    'v1 Secret',
    'v1 Service spec: {ports: [{port: 80}]}',
    'v1 PersistentVolumeClaim spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}',
    'rbac.authorization.k8s.io/v1 Role',
    'rbac.authorization.k8s.io/v1 RoleBinding roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}',
    'networking.k8s.io/v1 NetworkPolicy spec: {podSelector: {}}',
    'networking.k8s.io/v1 Ingress spec: {defaultBackend: {service: {name: x, port: {number: 80}}}}',
    'policy/v1 PodDisruptionBudget spec: {maxUnavailable: 1}',
    `apps/v1 Deployment spec: {replicas: 0, selector: {matchLabels: {app: order}}, template: ${pod.replace('restartPolicy: Never, ', '')}}`,
    `apps/v1 StatefulSet spec: {replicas: 0, serviceName: x, selector: {matchLabels: {app: order}}, template: ${pod.replace('restartPolicy: Never, ', '')}}`,
    `batch/v1 CronJob spec: {schedule: "0 0 1 1 *", jobTemplate: {spec: {template: ${pod}}}}`,
    `batch/v1 Job spec: {suspend: true, template: ${pod}}`,
  ].map((line) => /^(\S+) (\S+) ?(.*)$/.exec(line)?.map((part) => part));
  const template = objects.map((parts) => `---\napiVersion: ${parts?.[1]}\nkind: ${parts?.[2]}\nmetadata: {name: "{{ .Release.Name }}"}\n${parts?.[3]}\n`).join('');
  await site.pushSmall('order', '1.0.0', '1.0.0', { 'templates/objects.yaml': template });
  await site.release('order', { chart: site.reference('order', '1.0.0'), wait: false });
  await site.ready('order', 1);
  await site.helm(['install', 'stock', `oci://${site.reference('order', '1.0.0').replace(/:[^:]*$/, '')}`, '--version', '1.0.0', '--plain-http']);
  await site.remove('order');
  await site.eventually('the release is gone', async () => (await site.seen('order')) === undefined);
  await site.helm(['uninstall', 'stock']);
  const deleted = async (client: string, release: string) =>
    (await site.writes(client)).flatMap((write) => {
      const match = /^delete .*\/([a-z]+)\/([a-z]+)(\?.*)?$/.exec(write);
      return match?.[2] === release ? [match[1]] : [];
    });
  const order = await deleted('tagalong', 'order');
  expect(order).toHaveLength(objects.length + 1);
  expect(order).toEqual(await deleted('Helm', 'stock'));
});

describe.concurrent('objects that a chart has no more', () => {
  const kept = (value: string) => `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: heirloom, annotations: {helm.sh/resource-policy: keep}}\ndata: {key: ${value}}\n`;

  it('stay where helm.sh/resource-policy keeps them, which is said, and are taken up again when they come back', async () => {
    await install('keeping', kept('one'));
    const uid = await uidOf('configmaps/heirloom');
    await upgrade('keeping', '2.0.0', '');
    await site.ready('keeping', 2);
    expect(await uidOf('configmaps/heirloom')).toBe(uid);
    const note = `not deleted: ConfigMap ${site.namespace}/heirloom, which helm.sh/resource-policy keeps`;
    await site.eventually('the Event is there', async () => (await events('keeping', 'ObjectsLeft')) === `${note}\n`);
    expect(site.operator.log().filter((line) => line.includes(note))).toHaveLength(1);
    await upgrade('keeping', '3.0.0', kept('three'));
    await site.ready('keeping', 3);
    expect(await seen('configmaps/heirloom')).toMatchObject({ metadata: { uid }, data: { key: 'three' } });
    await site.remove('keeping');
    await site.eventually('the release is gone', async () => (await site.seen('keeping')) === undefined);
    expect(await uidOf('configmaps/heirloom')).toBe(uid);
    // The same release, made again, finds what it has left.
    await install('keeping', kept('four'));
    expect(await seen('configmaps/heirloom')).toMatchObject({ metadata: { uid }, data: { key: 'four' } });
  });

  it('stay where another release has them by now, which is said', async () => {
    await install('giving', frozen('given', 'one'));
    await site.kubectl(['label', '--overwrite', 'configmap', 'given', 'tagalong.dev/name=taking']);
    await upgrade('giving', '2.0.0', '');
    await site.ready('giving', 2);
    expect(await uidOf('configmaps/given')).toBeDefined();
    const note = `not deleted: ConfigMap ${site.namespace}/given, which belongs to ChartRelease ${site.namespace}/taking\n`;
    await site.eventually('the Event is there', async () => (await events('giving', 'ObjectsLeft')) === note);
  });
});

it('an object that is to be made anew and does not go is waited for, and made after a crash', async () => {
  await install('slow', frozen('held', 'one', ', finalizers: [example.com/hold]'), { force: true });
  const uid = await uidOf('configmaps/held');
  await upgrade('slow', '2.0.0', frozen('held', 'two', ', finalizers: [example.com/hold]'));
  await site.reaches('slow', 'waiting for the ConfigMap to go', (status) =>
    (conditionIn(status, 'Ready')?.message ?? '').includes(`waits for ConfigMap ${site.namespace}/held to be gone, so that it can be made anew`),
  );
  expect((await seen('configmaps/held'))?.metadata.deletionTimestamp).toBeDefined();
  await site.operator.kill();
  await site.kubectl(['patch', 'configmap', 'held', '--type=merge', '--patch', '{"metadata":{"finalizers":null}}']);
  expect(await uidOf('configmaps/held')).toBeUndefined();
  await site.startOperator();
  await site.ready('slow', 2);
  expect(await seen('configmaps/held')).toMatchObject({ data: { key: 'two' } });
  expect(await uidOf('configmaps/held')).not.toBe(uid);
  await site.kubectl(['patch', 'configmap', 'held', '--type=merge', '--patch', '{"metadata":{"finalizers":null}}']);
});
