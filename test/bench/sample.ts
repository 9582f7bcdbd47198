import { randomBytes } from 'node:crypto';
import { API_VERSION, type ChartReleaseStatus, GROUP, PLURAL, VERSION } from '../../src/api/chart-release.ts';
import { contentOf, recordJsonOf } from '../../src/adapters/kube/record-codec.ts';
import { stampOf } from '../../src/core/ownership.ts';
import type { Renderer } from '../../src/ports/renderer.ts';
import { type ApiClient, type ApiWrite, METADATA_ONLY } from './api-client.ts';
import type { Place } from './releases.ts';

/** The writes of one upgrade of one release, with its names in them, in the order in which they are sent. */
export interface Sample {
  readonly place: Place;
  readonly pending: ApiWrite;
  readonly objects: readonly ApiWrite[];
  /** These two need a record's resourceVersion, the third the UID of a ChartRelease, in place of the placeholders. */
  readonly deployed: ApiWrite;
  /** Absent for a first revision. */
  readonly superseded: ApiWrite | undefined;
  readonly status: ApiWrite;
  readonly event: ApiWrite;
}

export const RESOURCE_VERSION = '@resourceVersion@';
export const UID = '@uid@';

/**
 * Reads back what the operator has written for the revision that a release runs, as the bytes that it sent: records and status from the
 * cluster, objects from the record's manifest, which an engine reads as the operator does.
 */
export const takeSample = async (client: ApiClient, renderer: Renderer, place: Place): Promise<Sample> => {
  const { namespace, name } = place;
  const release: SeenRelease = JSON.parse(await client.send({ method: 'GET', path: `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${PLURAL}/${name}` }));
  const revision = release.status.revision ?? 0;
  const record = (of: number): Promise<SeenSecret> => client.send({ method: 'GET', path: `${secrets(namespace)}/${secretName(name, of)}` }).then(JSON.parse);
  const newest = await record(revision);
  const previous = revision > 1 ? await record(revision - 1) : undefined;
  return {
    place,
    pending: { method: 'POST', path: `${secrets(namespace)}?fieldManager=tagalong`, accept: METADATA_ONLY, body: JSON.stringify(created(newest)) },
    objects: await objectsOf(renderer, place, newest),
    deployed: marked(newest),
    superseded: previous && marked(previous),
    status: statusOf(release),
    event: eventOf(release),
  };
};

interface SeenRelease {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly status: ChartReleaseStatus;
}

interface SeenSecret {
  readonly type: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly data: { readonly release: string };
}

const secrets = (namespace: string): string => `/api/v1/namespaces/${namespace}/secrets`;

const secretName = (name: string, revision: number): string => `sh.helm.release.v1.${name}.v${revision}`;

const created = ({ type, metadata: { name, namespace, labels, annotations }, data }: SeenSecret) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type,
  metadata: { name, namespace, labels, annotations },
  data,
});

const marked = ({ metadata: { name, namespace, labels }, data }: SeenSecret): ApiWrite => ({
  method: 'PATCH',
  path: `${secrets(namespace)}/${name}?fieldManager=tagalong`,
  contentType: 'application/merge-patch+json',
  accept: METADATA_ONLY,
  body: JSON.stringify({ metadata: { resourceVersion: RESOURCE_VERSION, labels: { status: labels['status'], modifiedAt: labels['modifiedAt'] } }, data }),
});

const objectsOf = async (renderer: Renderer, { namespace, name }: Place, record: SeenSecret): Promise<readonly ApiWrite[]> => {
  const { manifest } = contentOf(await recordJsonOf(record.data.release));
  const stamp = stampOf({ namespace, name }, { namespace, releaseName: name });
  const objects = await renderer.read(manifest, stamp, AbortSignal.timeout(10_000));
  return objects.map((object) => ({
    method: 'PATCH',
    path: `${collectionOf(object.kind, namespace)}/${object.name}?fieldManager=tagalong&force=true&fieldValidation=Strict`,
    contentType: 'application/apply-patch+yaml',
    accept: METADATA_ONLY,
    body: Buffer.from(object.json).toString(),
  }));
};

/** Where objects of the chart's kinds are. */
const COLLECTIONS: Readonly<Record<string, readonly [root: string, plural: string]>> = {
  ServiceAccount: ['/api/v1', 'serviceaccounts'],
  Service: ['/api/v1', 'services'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  Ingress: ['/apis/networking.k8s.io/v1', 'ingresses'],
};

const collectionOf = (kind: string, namespace: string): string => {
  const [root, plural] = COLLECTIONS[kind] ?? [];
  if (root === undefined) throw new Error(`the bench chart has a ${kind}, and the floor does not know where to write one; add it to COLLECTIONS`);
  return `${root}/namespaces/${namespace}/${plural}`;
};

const statusOf = ({ metadata: { namespace, name }, status }: SeenRelease): ApiWrite => ({
  method: 'PATCH',
  path: `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${PLURAL}/${name}/status?fieldManager=tagalong-status&fieldValidation=Strict`,
  contentType: 'application/json-patch+json',
  body: JSON.stringify([
    { op: 'test', path: '/metadata/uid', value: UID },
    { op: 'add', path: '/status', value: status },
  ]),
});

/** As adapters/kube/event-object.ts makes it of the Ready condition. */
const eventOf = ({ metadata: { namespace, name, uid, resourceVersion }, status }: SeenRelease): ApiWrite => {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      name: `${name}.${randomBytes(8).toString('hex')}`,
      namespace,
      annotations: { [`${GROUP}/revision`]: String(status.revision), [`${GROUP}/chart-digest`]: status.chart?.digest, [`${GROUP}/chart-version`]: status.chart?.version },
    },
    eventTime: new Date().toISOString().replace('Z', '000Z'),
    type: 'Normal',
    reason: ready?.reason,
    action: 'Reconcile',
    note: ready?.message,
    regarding: { apiVersion: API_VERSION, kind: 'ChartRelease', name, namespace, uid, resourceVersion },
    reportingController: `${GROUP}/operator`,
    reportingInstance: 'bench',
  };
  return { method: 'POST', path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events`, accept: METADATA_ONLY, body: JSON.stringify(event) };
};
