import Compile from 'typebox/compile';
import Value from 'typebox/value';
import type { TLocalizedValidationError } from 'typebox/error';
import { API_VERSION, type ChartRelease, ChartReleaseSpec, ChartReleaseStatus, KIND, type ObjectMeta } from '../../api/chart-release.ts';
import type { ReleaseIdentity, SeenRelease } from '../../ports/releases.ts';
import { fieldsOf, metadataOf } from './kube-object.ts';

const specSchema = Compile(ChartReleaseSpec);
const statusSchema = Compile(ChartReleaseStatus);

/**
 * A ChartRelease as the API server sent it, checked, with the defaults of its spec filled in. One that this version
 * cannot read comes with a message that names the field, and with what is to become of its release. `spec.values` stays the very object that was parsed.
 */
export const readRelease = (object: unknown): SeenRelease => {
  const release = identityOf(object);
  const spec = withDefaults(fieldsOf(object)['spec']);
  if (specSchema.Check(spec)) return { kind: 'Readable', release: { ...release, spec } satisfies ChartRelease };
  return { kind: 'Unreadable', release, message: firstError(specSchema.Errors(spec)), deletionPolicy: fieldsOf(spec)['deletionPolicy'] === 'Orphan' ? 'Orphan' : 'Uninstall' };
};

const identityOf = (object: unknown): ReleaseIdentity => {
  const { status } = fieldsOf(object);
  // A status is written by us alone. One that does not fit was written by another version, and is written anew soon.
  return { apiVersion: API_VERSION, kind: KIND, metadata: objectMetaOf(object), status: statusSchema.Check(status) ? (status as ChartReleaseStatus) : addressesIn(status) };
};

/** What must survive another version's status: where something of this ChartRelease may be. */
const addressesIn = (status: unknown): ChartReleaseStatus => {
  const part = { releases: fieldsOf(status)['releases'] };
  return part.releases !== undefined && statusSchema.Check(part) ? (part as ChartReleaseStatus) : {};
};

const objectMetaOf = (object: unknown): ObjectMeta => {
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp, finalizers, annotations } = metadataOf(object);
  return { name, namespace, uid, resourceVersion, generation, finalizers, annotations, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
};

/** Defaults are filled in beside `values`, which may hold raw JSON that does not survive being copied. */
const withDefaults = (spec: unknown): unknown => {
  if (typeof spec !== 'object' || spec === null) return spec;
  const { values, ...rest } = fieldsOf(spec);
  const filled = fieldsOf(Value.Default(ChartReleaseSpec, rest));
  return values === undefined ? filled : { ...filled, values };
};

const firstError = ([error]: readonly TLocalizedValidationError[]): string => {
  if (error === undefined) return 'spec cannot be read';
  const path = ['spec', ...error.instancePath.split('/').slice(1)];
  if (error.keyword === 'required') return `${[...path, error.params.requiredProperties[0] ?? ''].join('.')} is missing`;
  return `${path.join('.')} ${error.message}`;
};
