import Value from 'typebox/value';
import { API_VERSION, ChartReleaseSpec, KIND, PLURAL } from '../../../src/api/chart-release.ts';
import type { Stored } from './object.ts';
import { CONFIG_MAP, DEPLOYMENT, JOB, NAMESPACE, SECRET, type Shape, struct } from './shapes.ts';

/** A kind that is served. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** `deployments`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
  readonly hasStatus: boolean;
  /** Whether changes of its spec are counted. */
  readonly isCounted: boolean;
  readonly shape: Shape;
  /** The object without anything in it: what is there of it all the same. */
  readonly empty: Readonly<Record<string, unknown>>;
  /** With the defaults filled in. */
  readonly complete: (object: Stored) => Stored;
  /** With what a new one gets that nobody owns. */
  readonly prepare: (object: Stored) => Stored;
  /** Why it is invalid, as causes of a 422: field and message. */
  readonly check: (object: Stored, before: Stored | undefined) => readonly (readonly [field: string, message: string])[];
}

type Fields = Readonly<Record<string, unknown>>;

const kind = (of: Pick<Kind, 'apiVersion' | 'kind' | 'resource'> & Partial<Kind>): Kind => ({
  isNamespaced: true,
  hasStatus: false,
  isCounted: false,
  shape: struct({}),
  empty: { metadata: {} },
  complete: (object) => object,
  prepare: (object) => object,
  check: () => [],
  ...of,
});

const podSpec = (spec: Fields, restartPolicy: string): Fields => ({
  ...spec,
  containers: ((spec['containers'] ?? []) as readonly Fields[]).map((container) => ({
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    resources: {},
    ...container,
  })),
  restartPolicy: spec['restartPolicy'] ?? restartPolicy,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
});

const template = (spec: Fields, restartPolicy: string): Fields => {
  const of = spec['template'] as Fields;
  return { ...of, spec: podSpec(of['spec'] as Fields, restartPolicy) };
};

const completeDeployment = (object: Stored): Stored => {
  const spec = object['spec'] as Fields;
  const defaults = {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
  };
  return { ...object, spec: { ...defaults, ...spec, template: template(spec, 'Always') } };
};

const completeJob = (object: Stored): Stored => {
  const spec = object['spec'] as Fields;
  const defaults = {
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    completions: 1,
    parallelism: 1,
    manualSelector: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    suspend: false,
  };
  return { ...object, spec: { ...defaults, ...spec, template: template(spec, 'Never') } };
};

const prepareJob = (object: Stored): Stored => {
  const { uid, name } = object.metadata;
  const spec = object['spec'] as Fields;
  const of = spec['template'] as Fields;
  const metadata = of['metadata'] as Fields | undefined;
  const marks = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name };
  const marked = { ...of, metadata: { ...metadata, labels: { ...(metadata?.['labels'] as Fields | undefined), ...marks } } };
  return { ...object, spec: { ...spec, selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }, template: marked } };
};

/** Text is given as it is, and kept encoded. */
const completeSecret = (object: Stored): Stored => {
  const { stringData, ...rest } = object as Stored & { readonly stringData?: Readonly<Record<string, string>> };
  if (stringData === undefined) return { type: 'Opaque', ...object };
  const encoded = Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  return { type: 'Opaque', ...rest, data: { ...(rest['data'] as Fields | undefined), ...encoded } };
};

interface DeploymentSpec {
  readonly replicas: number;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly template: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
}

const checkDeployment = (object: Stored, before: Stored | undefined): readonly (readonly [string, string])[] => {
  const { replicas, selector, template: of } = object['spec'] as DeploymentSpec;
  const wrong: (readonly [string, string])[] = [];
  if (replicas < 0) wrong.push(['spec.replicas', `Invalid value: ${replicas}: must be greater than or equal to 0`]);
  const isOthers = Object.entries(selector.matchLabels).some(([key, value]) => of.metadata?.labels?.[key] !== value);
  if (isOthers) wrong.push(['spec.template.metadata.labels', 'Invalid value: `selector` does not match template `labels`']);
  const was = (before?.['spec'] as Fields | undefined)?.['selector'];
  if (was !== undefined && JSON.stringify(was) !== JSON.stringify(selector)) wrong.push(['spec.selector', `Invalid value: ${JSON.stringify(selector)}: field is immutable`]);
  return wrong;
};

const completeRelease = (object: Stored): Stored => {
  const { values, ...spec } = object['spec'] as Fields;
  const filled = Value.Default(ChartReleaseSpec, structuredClone(spec)) as Fields;
  return { ...object, spec: values === undefined ? filled : { ...filled, values } };
};

export const RELEASES = kind({ apiVersion: API_VERSION, kind: KIND, resource: PLURAL, hasStatus: true, isCounted: true, complete: completeRelease });

export const LEASES = kind({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', resource: 'leases' });

/** Everything that is served. */
export const KINDS: readonly Kind[] = [
  kind({ apiVersion: 'v1', kind: 'Namespace', resource: 'namespaces', isNamespaced: false, shape: NAMESPACE, empty: { metadata: {}, spec: {}, status: {} } }),
  kind({ apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', shape: CONFIG_MAP }),
  kind({ apiVersion: 'v1', kind: 'Secret', resource: 'secrets', shape: SECRET, complete: completeSecret }),
  kind({ apiVersion: 'v1', kind: 'ServiceAccount', resource: 'serviceaccounts' }),
  kind({ apiVersion: 'v1', kind: 'Pod', resource: 'pods', hasStatus: true }),
  kind({ apiVersion: 'v1', kind: 'Event', resource: 'events' }),
  kind({ apiVersion: 'events.k8s.io/v1', kind: 'Event', resource: 'events' }),
  kind({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    resource: 'deployments',
    hasStatus: true,
    isCounted: true,
    shape: DEPLOYMENT,
    empty: { metadata: {}, spec: { strategy: {}, template: { metadata: {}, spec: { containers: null } } }, status: {} },
    complete: completeDeployment,
    check: checkDeployment,
  }),
  kind({ apiVersion: 'apps/v1', kind: 'ReplicaSet', resource: 'replicasets', hasStatus: true, isCounted: true }),
  kind({
    apiVersion: 'batch/v1',
    kind: 'Job',
    resource: 'jobs',
    hasStatus: true,
    isCounted: true,
    shape: JOB,
    empty: { metadata: {}, spec: { template: { metadata: {}, spec: { containers: null } } }, status: {} },
    complete: completeJob,
    prepare: prepareJob,
  }),
  kind({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', resource: 'customresourcedefinitions', isNamespaced: false, hasStatus: true, isCounted: true }),
  LEASES,
  RELEASES,
];
