import { gunzipSync } from 'node:zlib';
import { parseAllDocuments } from 'yaml';
import { NAME_LABEL, PLURAL } from '../../src/api/chart-release.ts';
import { memberSpans } from '../../src/core/exact-json.ts';
import type { Change } from '../lab/history.ts';

/** An object of Kubernetes, as far as one looks into it. */
export type Live = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
};

/** A Helm release record. */
export interface StoredRecord {
  readonly release: string;
  readonly revision: number;
  readonly status: string;
  /** Every byte of the release's JSON but those of `info`, which changes with the status. */
  readonly content: string;
  readonly chartVersion: string;
  /** Of the chart's OCI manifest, by the record's annotation. */
  readonly chartDigest: string;
  readonly objects: readonly Live[];
}

/** A ChartRelease. */
export interface StoredRelease {
  readonly isReady: boolean;
  readonly isDeleting: boolean;
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

/** One change that bears on a release; `now` is undefined where something was deleted. `at` is etcd's revision. */
export type Step = { readonly at: number; readonly key: string } & (
  | { readonly kind: 'Record'; readonly now: StoredRecord | undefined }
  | { readonly kind: 'Release'; readonly now: StoredRelease | undefined }
  | { readonly kind: 'Object'; readonly now: StoredObject | undefined }
);

/** What a change in etcd is to a release; undefined for one that is of none. The API server must store JSON. */
export const stepOf = ({ at, key, value }: Change): Step | undefined => {
  const object = value === undefined ? undefined : (JSON.parse(value) as Live); // as the API server stores it
  if (key.includes(`/${PLURAL}/`)) return { at, key, kind: 'Release', now: object && releaseIn(object) };
  if (key.includes('/sh.helm.release.v1.')) return { at, key, kind: 'Record', now: object && recordIn(object) };
  if (object === undefined) return { at, key, kind: 'Object', now: undefined };
  const release = object.metadata.labels?.[NAME_LABEL];
  return release === undefined ? undefined : { at, key, kind: 'Object', now: { release, isTerminating: object.metadata.deletionTimestamp !== undefined, object } };
};

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly revision?: number;
  readonly chart?: { readonly digest: string };
}

const releaseIn = (object: Live): StoredRelease => {
  const status = (object['status'] ?? {}) as Status; // the CRD's own shape
  return {
    isReady: status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
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
  const info = memberSpans(json).get('info') ?? { start: json.length, end: json.length };
  return {
    release: decoded.name,
    revision: decoded.version,
    status: decoded.info.status,
    content: json.slice(0, info.start) + json.slice(info.end),
    chartVersion: decoded.chart.metadata.version,
    chartDigest: annotations['tagalong.dev/chart-digest'] ?? '',
    objects: parseAllDocuments(decoded.manifest).flatMap((document) => (document.contents === null ? [] : [document.toJS() as Live])), // as rendered
  };
};
