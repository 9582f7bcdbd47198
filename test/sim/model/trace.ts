import { API_VERSION, FINALIZER, KIND, NAME_LABEL, PLURAL } from '../../../src/api/chart-release.ts';
import { pick, type Random } from '../../seeded.ts';

/** Whether a precondition holds, or is left out. */
export type Condition = 'Right' | 'Wrong' | 'None';

/** One operation: a request, but for what only a server knows. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  /** Made of what the server has of the object that it is about; undefined in a first look at one that is not there. */
  readonly body?: (live: Live | undefined) => unknown;
  /** The object that it is about. */
  readonly about?: string;
}

/** An object as a server tells of it. */
export interface Live {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string; readonly finalizers?: readonly string[]; readonly managedFields?: readonly unknown[] };
}

export const WHOLE = 'application/json';
export const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const OTHER_UID = '11111111-2222-4333-8444-555555555555';

/** What a trace is about: objects of its own, by a name of its own, in a namespace. */
export interface Stage {
  readonly namespace: string;
  readonly name: string;
}

/** Operations drawn by lot, of the kinds that operators, and people beside them, send. */
export const traceOf = (random: Random, stage: Stage): readonly Operation[] => Array.from({ length: 12 + Math.floor(random() * 20) }, () => operationOf(random, stage));

const operationOf = (random: Random, stage: Stage): Operation => {
  const make = pick(random, [
    applied,
    applied,
    applied,
    edited,
    edited,
    created,
    deleted,
    deleted,
    looked,
    listed,
    replaced,
    pinned,
    folded,
    release,
    release,
    workload,
    workload,
    lost,
  ]);
  return make(random, stage);
};

type Maker = (random: Random, stage: Stage) => Operation;

const conditionOf = (random: Random): Condition => pick(random, ['Right', 'Right', 'Wrong', 'None'] as const);

const uidFor = (condition: Condition, live: Live | undefined): string | undefined => (condition === 'None' ? undefined : condition === 'Right' ? live?.metadata.uid : OTHER_UID);

const versionFor = (condition: Condition, live: Live | undefined): string | undefined =>
  condition === 'None' ? undefined : condition === 'Right' ? live?.metadata.resourceVersion : '1';

const collectionOf = ({ namespace }: Stage, resource: string): string => `/api/v1/namespaces/${namespace}/${resource}`;

const smallOf = (random: Random, stage: Stage) => {
  const resource = pick(random, ['configmaps', 'configmaps', 'secrets']);
  const name = `${stage.name}-${pick(random, ['a', 'b'])}`;
  return { kind: resource === 'secrets' ? 'Secret' : 'ConfigMap', name, collection: collectionOf(stage, resource), path: `${collectionOf(stage, resource)}/${name}` };
};

/** Secrets have their bytes in base64, which these letters are too. */
const dataOf = (random: Random): Readonly<Record<string, string>> =>
  Object.fromEntries(['one', 'two', 'six'].flatMap((key) => (random() < 0.6 ? [[key, pick(random, ['YWJj', 'ZGVm', 'Z2hp'])]] : [])));

const labelsOf = (random: Random, { name }: Stage): Readonly<Record<string, string>> => ({
  [NAME_LABEL]: name,
  ...(random() < 0.4 && { tier: pick(random, ['front', 'back']) }),
});

const dryRunOf = (random: Random): string => (random() < 0.2 ? '&dryRun=All' : '');

const applied: Maker = (random, stage) => {
  const { kind, name, path } = smallOf(random, stage);
  const manager = pick(random, ['tagalong', 'tagalong', 'kubectl']);
  const metadata = {
    name,
    namespace: stage.namespace,
    ...(random() < 0.8 && { labels: labelsOf(random, stage) }),
    ...(random() < 0.3 && { annotations: { note: pick(random, ['x', 'y']) } }),
  };
  const declared = { apiVersion: 'v1', kind, metadata, ...(random() < 0.9 && { data: dataOf(random) }) };
  return {
    method: 'PATCH',
    path: `${path}?fieldManager=${manager}&force=true&fieldValidation=Strict${dryRunOf(random)}`,
    contentType: APPLY,
    accept: pick(random, [PARTIAL, WHOLE]),
    body: () => declared,
    about: path,
  };
};

const edited: Maker = (random, stage) => {
  const { path } = smallOf(random, stage);
  const change = pick(random, [
    { data: { one: 'anpq' } },
    { data: { two: null } },
    { data: { six: 'anpq', one: null } },
    { metadata: { labels: { tier: 'edge' } } },
    { metadata: { labels: { [NAME_LABEL]: null } } },
    { metadata: { annotations: { note: null } } },
    { metadata: { finalizers: ['example.com/wait'] } },
    { metadata: { finalizers: null } },
    {},
  ]);
  return { method: 'PATCH', path: `${path}?fieldManager=${pick(random, ['kubectl-edit', 'helm', 'tagalong'])}`, contentType: MERGE, body: () => change, about: path };
};

/** As records are marked. */
const pinned: Maker = (random, stage) => {
  const { path } = smallOf(random, stage);
  const [uid, version] = [conditionOf(random), conditionOf(random)];
  const data = dataOf(random);
  const body = (live: Live | undefined) => ({
    metadata: { uid: uidFor(uid, live), resourceVersion: versionFor(version, live), labels: { owner: 'helm', status: 'marked' } },
    data,
  });
  return { method: 'PATCH', path: `${path}?fieldManager=tagalong`, contentType: MERGE, accept: PARTIAL, body, about: path };
};

/** As fields are taken over: of two entries one is made. */
const folded: Maker = (random, stage) => {
  const { path } = smallOf(random, stage);
  const condition = conditionOf(random);
  const body = (live: Live | undefined) => {
    const managed = (live?.metadata.managedFields ?? []).toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    return { metadata: { uid: live?.metadata.uid, resourceVersion: versionFor(condition, live), managedFields: managed.slice(0, Math.max(1, managed.length - 1)) } };
  };
  return { method: 'PATCH', path: `${path}?fieldManager=tagalong`, contentType: MERGE, accept: PARTIAL, body, about: path };
};

/** An order that has nothing to do with when they were written. */
const nameOf = (entry: unknown): string => {
  const { manager, operation, subresource = '' } = entry as Readonly<Record<string, string>>;
  return `${operation} ${manager} ${subresource}`;
};

const created: Maker = (random, stage) => {
  const { kind, name, collection, path } = smallOf(random, stage);
  const object = { apiVersion: 'v1', kind, metadata: { name, labels: labelsOf(random, stage) }, data: dataOf(random) };
  return { method: 'POST', path: `${collection}?fieldManager=tagalong${dryRunOf(random)}`, accept: pick(random, [PARTIAL, WHOLE]), body: () => object, about: path };
};

const lost: Maker = (random, stage) => {
  const namespace = 'no-such-namespace';
  const metadata = { name: stage.name };
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  if (random() < 0.5) return { method: 'POST', path: `${path}?fieldManager=tagalong`, body: () => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata }) };
  return {
    method: 'PATCH',
    path: `${path}/${stage.name}?fieldManager=tagalong&force=true`,
    contentType: APPLY,
    body: () => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, namespace } }),
  };
};

const replaced: Maker = (random, stage) => {
  const { kind, name, path } = smallOf(random, stage);
  const version = conditionOf(random);
  const data = dataOf(random);
  const body = (live: Live | undefined) => ({ apiVersion: 'v1', kind, metadata: { name, resourceVersion: versionFor(version, live), labels: labelsOf(() => 0.1, stage) }, data });
  return { method: 'PUT', path: `${path}?fieldManager=kubectl-replace`, body, about: path };
};

const deleted: Maker = (random, stage) => {
  const path = pick(random, [smallOf(random, stage).path, smallOf(random, stage).path, releasePath(stage), deploymentPath(stage)]);
  // Controllers write to Deployments when they like.
  const [uid, version] = [conditionOf(random), path === deploymentPath(stage) ? 'None' : conditionOf(random)] as const;
  const body = (live: Live | undefined) => ({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Background',
    preconditions: { uid: uidFor(uid, live), resourceVersion: versionFor(version, live) },
  });
  return { method: 'DELETE', path, body, about: path };
};

const looked: Maker = (random, stage) => ({
  method: 'GET',
  path: pick(random, [smallOf(random, stage).path, releasePath(stage)]),
  accept: pick(random, [PARTIAL, WHOLE]),
});

const listed: Maker = (random, stage) => {
  const { collection } = smallOf(random, stage);
  const selector = pick(random, [`${NAME_LABEL}=${stage.name}`, `${NAME_LABEL}=${stage.name},tier=front`, `${NAME_LABEL}=${stage.name},tier!=front`]);
  return { method: 'GET', path: `${collection}?limit=500&labelSelector=${encodeURIComponent(selector)}`, accept: pick(random, [PARTIAL_LIST, WHOLE]) };
};

const releasesPath = ({ namespace }: Stage): string => `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}`;
const releasePath = (stage: Stage): string => `${releasesPath(stage)}/${stage.name}`;

/** What people and the operator do to a ChartRelease. */
const release: Maker = (random, stage) => {
  const path = releasePath(stage);
  const condition = conditionOf(random);
  const version = random() < 0.2 ? 'Wrong' : 'Right';
  const finalizers = pick(random, [[FINALIZER], []]);
  const generation = Math.floor(random() * 9);
  const status = { observedGeneration: generation, ...(random() < 0.5 && { revision: generation }) };
  return pick<Operation>(random, [
    {
      method: 'POST',
      path: `${releasesPath(stage)}?fieldManager=kubectl-create`,
      body: () => ({ apiVersion: API_VERSION, kind: KIND, metadata: { name: stage.name }, spec: { chart: 'registry.test/a/b:1', values: { a: generation } } }),
      about: path,
    },
    {
      method: 'PATCH',
      path: `${path}?fieldManager=kubectl-edit`,
      contentType: MERGE,
      body: () => ({ spec: pick(() => generation / 9, [{ suspend: true }, { suspend: false }, { values: { a: generation } }]) }),
      about: path,
    },
    {
      method: 'PATCH',
      path: `${path}?fieldManager=kubectl-edit`,
      contentType: MERGE,
      body: () => ({ metadata: { annotations: { [`${KIND}.example.com/note`]: String(generation) } }, status }),
      about: path,
    },
    {
      method: 'PATCH',
      path: `${path}?fieldManager=tagalong`,
      contentType: MERGE,
      body: (live) => ({ metadata: { uid: live?.metadata.uid, resourceVersion: versionFor(condition, live), finalizers } }),
      about: path,
    },
    {
      method: 'PATCH',
      path: `${path}/status?fieldManager=tagalong-status&fieldValidation=Strict`,
      contentType: 'application/json-patch+json',
      body: (live) => [
        { op: 'test', path: '/metadata/uid', value: uidFor(condition === 'None' ? 'Right' : condition, live) ?? OTHER_UID },
        { op: 'replace', path: '/metadata/resourceVersion', value: versionFor(version, live) ?? '1' },
        { op: 'add', path: '/status', value: status },
      ],
      about: path,
    },
  ]);
};

const deploymentPath = ({ namespace, name }: Stage): string => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

/** Deployments and Jobs, applied, created and edited; some of it is invalid. */
const workload: Maker = (random, stage) => {
  const { namespace, name } = stage;
  const env = ['A', 'B'].flatMap((key) => (random() < 0.5 ? [{ name: key, value: pick(random, ['1', '2']) }] : []));
  const containers = [{ name: 'main', image: 'registry.test/app:1', ...(env.length > 0 && { env }) }];
  const spec = {
    replicas: pick(random, [1, 2, -1]),
    selector: { matchLabels: { app: pick(random, ['x', 'x', 'x', 'z']) } },
    template: { metadata: { labels: { app: 'x' } }, spec: { containers } },
  };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels: labelsOf(random, stage) }, spec };
  const path = deploymentPath(stage);
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  // No controller touches a Job that is said to be another one's.
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels: labelsOf(random, stage) },
    spec: { managedBy: 'example.com/nobody', template: { spec: { restartPolicy: 'Never', containers } } },
  };
  return pick<Operation>(random, [
    { method: 'PATCH', path: `${path}?fieldManager=tagalong&force=true&fieldValidation=Strict${dryRunOf(random)}`, contentType: APPLY, body: () => deployment, about: path },
    { method: 'PATCH', path: `${path}?fieldManager=tagalong&force=true&fieldValidation=Strict&dryRun=All`, contentType: APPLY, body: () => deployment, about: path },
    { method: 'PATCH', path: `${path}?fieldManager=kubectl-edit`, contentType: MERGE, body: () => ({ spec: { replicas: pick(() => 0.5, [2, 3]) } }), about: path },
    { method: 'POST', path: `${jobs}?fieldManager=tagalong&fieldValidation=Strict${dryRunOf(random)}`, body: () => job, about: `${jobs}/${name}` },
    { method: 'PATCH', path: `${jobs}/${name}/status?fieldManager=kube-controller-manager`, contentType: MERGE, body: () => ({ status: { active: 1 } }), about: `${jobs}/${name}` },
    {
      method: 'DELETE',
      path: `${jobs}/${name}`,
      body: (live) => ({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid: live?.metadata.uid } }),
      about: `${jobs}/${name}`,
    },
  ]);
};

/** The names that a trace's objects have. */
export const namesOf = ({ name }: Stage): readonly string[] => [name, `${name}-a`, `${name}-b`];

/** The collections that a trace has objects in. */
export const collectionsOf = (stage: Stage): readonly string[] => [
  collectionOf(stage, 'configmaps'),
  collectionOf(stage, 'secrets'),
  `/apis/apps/v1/namespaces/${stage.namespace}/deployments`,
  `/apis/batch/v1/namespaces/${stage.namespace}/jobs`,
  releasesPath(stage),
];
