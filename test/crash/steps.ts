import { gunzipSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { parseAllDocuments } from 'yaml';
import { NAME_LABEL, PLURAL, RECONCILE_AT } from '../../src/api/chart-release.ts';
import { memberSpans } from '../../src/core/exact-json.ts';
import type { Term } from '../../src/core/record.ts';
import type { Change } from '../lab/history.ts';

/** An object of Kubernetes, as far as one looks into it. */
export type Live = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly generation?: number;
    readonly managedFields?: readonly { readonly manager: string }[];
  };
};

/** Whether both are one object of a release. */
export const isSame = (one: Live, other: Live): boolean => one.kind === other.kind && one.metadata.name === other.metadata.name;

/** A Helm release record. */
export interface StoredRecord {
  readonly release: string;
  readonly revision: number;
  readonly status: string;
  /** Every byte of the release's JSON but of what may change: its state, what hooks have come to, and how helm is to apply it. */
  readonly content: string;
  readonly chartVersion: string;
  /** Of the chart's OCI manifest, by the record's annotation. */
  readonly chartDigest: string;
  readonly manifest: string;
  /** Those of the manifest. */
  readonly objects: readonly Live[];
  /** The objects of its hooks. */
  readonly hooks: readonly Live[];
  /** The manifest and the values, as they are in the release's JSON. */
  readonly body: string;
  readonly returns: Return | undefined;
  /** In which it was made, by its annotations. */
  readonly term: Term | undefined;
}

/** Which revision a record brings back, and whether because another one has failed, by its annotation. */
export interface Return {
  readonly kind: string;
  readonly to: number;
}

/** A ChartRelease. */
export interface StoredRelease {
  readonly isReady: boolean;
  /** Of Ready. */
  readonly reason: string;
  readonly isDeleting: boolean;
  readonly generation: number;
  readonly observedGeneration: number;
  /** No request to look at it is open. */
  readonly isAnswered: boolean;
  /** The revisions in its history, as they stand there, and how many records are to be kept. */
  readonly history: readonly number[];
  readonly historyLimit: number;
  readonly revision: number | undefined;
  readonly digest: string | undefined;
  /** The whole status, to see whether it changed. */
  readonly status: string;
}

/** An object that carries the label of a ChartRelease. */
export interface StoredObject {
  readonly release: string;
  readonly isTerminating: boolean;
  readonly object: Live;
}

/** An object that is of no release. */
export interface StoredForeigner {
  readonly name: string;
  /** Whether we have set anything of it. */
  readonly isOurs: boolean;
}

/** One change that bears on a release, or on an object that none has to do with; `now` is undefined where something was deleted. `at` is etcd's revision. */
export type Step = { readonly at: number; readonly key: string } & (
  | { readonly kind: 'Record'; readonly now: StoredRecord | undefined }
  | { readonly kind: 'Release'; readonly now: StoredRelease | undefined }
  | { readonly kind: 'Object'; readonly now: StoredObject | undefined }
  | { readonly kind: 'Foreigner'; readonly now: StoredForeigner }
);

/** What a change in etcd is to a release; undefined for what controllers of the cluster make. The API server must store JSON. */
export const stepOf = ({ at, key, value }: Change): Step | undefined => {
  const object = value === undefined ? undefined : (JSON.parse(value) as Live); // as the API server stores it
  if (key.includes(`/${PLURAL}/`)) return { at, key, kind: 'Release', now: object && releaseIn(object) };
  if (key.includes('/sh.helm.release.v1.')) return { at, key, kind: 'Record', now: object && recordIn(object) };
  if (object === undefined) return { at, key, kind: 'Object', now: undefined };
  const { name, labels, annotations, deletionTimestamp, managedFields = [] } = object.metadata;
  const release = labels?.[NAME_LABEL];
  if (release !== undefined) return { at, key, kind: 'Object', now: { release, isTerminating: deletionTimestamp !== undefined, object } };
  // What stock helm has made may be taken over.
  if (!FOREIGN.test(key) || annotations?.['meta.helm.sh/release-name'] !== undefined) return undefined;
  return { at, key, kind: 'Foreigner', now: { name: `${object.kind} ${name}`, isOurs: managedFields.some(({ manager }) => manager === MANAGER) } };
};

/** The field manager of the operator. */
const MANAGER = 'tagalong';

/** What people make; pods, ReplicaSets, Events and the like come and go by themselves. */
const FOREIGN = /^\/registry\/(configmaps|secrets|deployments|serviceaccounts|persistentvolumeclaims)\//;

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  readonly observedGeneration?: number;
  readonly lastHandledReconcileAt?: string;
  readonly revision?: number;
  readonly chart?: { readonly digest: string };
  readonly history?: readonly { readonly revision: number }[];
}

const releaseIn = (object: Live): StoredRelease => {
  const status = (object['status'] ?? {}) as Status; // the CRD's own shape
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return {
    isReady: ready?.status === 'True',
    reason: ready?.reason ?? '',
    generation: object.metadata.generation ?? 0,
    observedGeneration: status.observedGeneration ?? 0,
    isAnswered: object.metadata.annotations?.[RECONCILE_AT] === status.lastHandledReconcileAt,
    history: (status.history ?? []).map(({ revision }) => revision),
    historyLimit: (object['spec'] as { readonly historyLimit: number }).historyLimit, // the API server sets it where nobody does
    isDeleting: object.metadata.deletionTimestamp !== undefined,
    revision: status.revision,
    digest: status.chart?.digest,
    status: JSON.stringify(status),
  };
};

interface HelmRelease {
  readonly name: string;
  readonly version: number;
  readonly chart: { readonly metadata: { readonly version: string } };
  readonly manifest: string;
  readonly hooks?: readonly { readonly manifest: string; readonly last_run?: unknown }[];
  readonly info: { readonly status: string };
}

/** Throws where the labels of a record, by which Helm finds it, do not say what is in it. */
const recordIn = (object: Live): StoredRecord => {
  const { labels = {}, annotations = {}, name } = object.metadata;
  const { release } = object['data'] as { readonly release: string }; // Helm's own shape
  const json = gunzipSync(Buffer.from(Buffer.from(release, 'base64').toString(), 'base64')).toString();
  const decoded = JSON.parse(json) as HelmRelease; // Helm's own shape
  const [said, is] = [`${labels['name']} ${labels['version']} ${labels['status']}`, `${decoded.name} ${decoded.version} ${decoded.info.status}`];
  if (said !== is || name !== `sh.helm.release.v1.${decoded.name}.v${decoded.version}`) throw new Error(`Secret ${name} is labelled ${said}, and has ${is} in it`);
  const spans = memberSpans(json);
  const member = (name: string): string => json.slice(spans.get(name)?.start ?? 0, spans.get(name)?.end ?? 0);
  return {
    release: decoded.name,
    revision: decoded.version,
    status: decoded.info.status,
    content: [...spans].flatMap(([name, { start, end }]) => (CHANGING.includes(name) ? [] : [`${name}:${json.slice(start, end)}`])).join() + hooksWithoutRuns(decoded),
    body: `${member('manifest')} ${member('config')}`,
    returns: returnIn(annotations['tagalong.dev/returns']),
    term: termIn(annotations),
    chartVersion: decoded.chart.metadata.version,
    chartDigest: annotations['tagalong.dev/chart-digest'] ?? '',
    manifest: decoded.manifest,
    objects: objectsIn(decoded.manifest),
    hooks: (decoded.hooks ?? []).flatMap(({ manifest }) => objectsIn(manifest)),
  };
};

/** What a release's JSON has besides manifest, chart and values: the state, the hooks, which are looked at by themselves, and how stock helm is to go on with it. */
const CHANGING = ['info', 'hooks', 'apply_method'];

/** Objects of a manifest; that of a revision comes with each of its statuses. */
const objectsIn = (manifest: string): readonly Live[] => {
  const known = MANIFESTS.get(manifest) ?? parsed(manifest);
  MANIFESTS.set(manifest, known);
  return known;
};

const MANIFESTS = new LRUCache<string, readonly Live[]>({ max: 100 });

const parsed = (manifest: string): readonly Live[] => parseAllDocuments(manifest).flatMap((document) => (document.contents === null ? [] : [document.toJS() as Live])); // as rendered

const hooksWithoutRuns = ({ hooks = [] }: HelmRelease): string => JSON.stringify(hooks.map(({ last_run: _, ...hook }) => hook));

const returnIn = (note: string | undefined): Return | undefined => (note === undefined ? undefined : (JSON.parse(note) as Return)); // ours

const termIn = ({ 'tagalong.dev/lease': lease, 'tagalong.dev/epoch': epoch }: Readonly<Record<string, string>>): Term | undefined =>
  lease === undefined || epoch === undefined ? undefined : { lease, epoch: Number(epoch) };
