import { hash } from 'node:crypto';
import { epochMsOf } from '../../api/time.ts';
import { FIELD_MANAGER, type FieldTree, type ManagedEntry, ownEntry } from '../../core/managed-fields.ts';
import { fieldsOf, listOf, textOf } from '../../core/parsed-json.ts';
import type { LiveObject } from '../../ports/cluster.ts';
import { nonsense } from './api-error.ts';

export { fieldsOf, listOf, textOf };

/** `metadata` of any object, as far as it is read here. */
export interface Metadata {
  readonly name: string;
  /** Empty for objects of cluster scope. */
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp: string | undefined;
  readonly finalizers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Content type that asks for metadata only. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
export const METADATA_ONLY_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** Metadata of a parsed object; what is missing is empty. */
export const metadataOf = (object: unknown): Metadata => {
  const metadata = fieldsOf(fieldsOf(object)['metadata']);
  const deletionTimestamp = textOf(metadata['deletionTimestamp']);
  return {
    name: textOf(metadata['name']),
    namespace: textOf(metadata['namespace']),
    uid: textOf(metadata['uid']),
    resourceVersion: textOf(metadata['resourceVersion']),
    generation: typeof metadata['generation'] === 'number' ? metadata['generation'] : 0,
    creationTimestamp: textOf(metadata['creationTimestamp']),
    deletionTimestamp: deletionTimestamp === '' ? undefined : deletionTimestamp,
    finalizers: listOf(metadata['finalizers']).filter((finalizer) => typeof finalizer === 'string'),
    labels: textsOf(metadata['labels']),
    annotations: textsOf(metadata['annotations']),
  };
};

const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])));

/** What a Cluster tells of an object. Throws ClusterError where the answer is none. */
export const liveObjectOf = (action: string, object: unknown): LiveObject => {
  const { name, uid, resourceVersion, labels, annotations, creationTimestamp, deletionTimestamp } = metadataOf(object);
  if (name === '') throw nonsense(action, 'it has no metadata');
  const managed = managedFieldsOf(object);
  return {
    uid,
    resourceVersion,
    labels,
    annotations,
    madeAt: epochMsOf(creationTimestamp),
    isTerminating: deletionTimestamp !== undefined,
    controller: controllerOf(object),
    ownFields: ownFieldsOf(managed),
    managed,
  };
};

/** Its owner that is its controller, of which there is one at most. */
const controllerOf = (object: unknown): string | undefined => {
  const owners = listOf(fieldsOf(fieldsOf(object)['metadata'])['ownerReferences']).map(fieldsOf);
  const controller = owners.find((owner) => owner['controller'] === true);
  return controller === undefined ? undefined : `${textOf(controller['kind'])} ${textOf(controller['name'])}`;
};

/** When anything of an object was written last, in ms since the epoch, by the API server's clock. */
export const lastWriteOf = (object: unknown): number => {
  const times = managedFieldsOf(object).map(({ time }) => epochMsOf(time ?? ''));
  return Math.max(epochMsOf(metadataOf(object).creationTimestamp), ...times);
};

/** Who has set which fields of a parsed object. */
export const managedFieldsOf = (object: unknown): readonly ManagedEntry[] =>
  listOf(fieldsOf(fieldsOf(object)['metadata'])['managedFields']).map((entry) => entryOf(fieldsOf(entry)));

const entryOf = (entry: Readonly<Record<string, unknown>>): ManagedEntry => ({
  manager: textOf(entry['manager']),
  operation: textOf(entry['operation']),
  apiVersion: textOf(entry['apiVersion']),
  fieldsType: textOf(entry['fieldsType']),
  fieldsV1: fieldsOf(entry['fieldsV1']) as FieldTree, // maps of maps, by the API's own word
  ...(typeof entry['time'] === 'string' && { time: entry['time'] }),
  ...(typeof entry['subresource'] === 'string' && { subresource: entry['subresource'] }),
});

/** Whether a field of the object, as managedFields have its path, is as we wrote it. True where the object comes without managedFields. */
export const hasWritten = (object: unknown, path: readonly string[]): boolean => {
  const managed = managedFieldsOf(object);
  const holds = (fields: unknown): boolean => path.reduce<unknown>((at, key) => fieldsOf(at)[key], fields) !== undefined;
  return managed.length === 0 || managed.some(({ manager, fieldsV1 }) => manager === FIELD_MANAGER && holds(fieldsV1));
};

/** Digest of the fields that are ours; the API server writes a field set in one order only, so that equal sets have equal texts. */
export const ownFieldsOf = (managed: readonly ManagedEntry[]): string => {
  const own = ownEntry(managed);
  return own === undefined ? '' : hash('sha256', JSON.stringify([own.apiVersion, own.fieldsV1]), 'base64');
};
