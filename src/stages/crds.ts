import type { ObjectRef } from '../core/object-ref.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';
import type { RenderedObject } from '../ports/renderer.ts';

/**
 * Creates the CRDs of the chart's `crds/` that the cluster does not have, and leaves those that it has alone, as Helm
 * does. Returns the name of one whose kinds are not served yet, or undefined when all are: come back later.
 */
export const crds = async (cluster: Cluster, definitions: readonly RenderedObject[], signal: AbortSignal): Promise<string | undefined> => {
  const states = await Promise.all(definitions.map((definition) => establish(cluster, definition, signal)));
  return definitions.find((_, index) => states[index] === 'Pending')?.name;
};

const establish = async (cluster: Cluster, definition: RenderedObject, signal: AbortSignal): Promise<'Served' | 'Pending'> => {
  const kinds = servedKinds(definition.json);
  if (await areServed(cluster, kinds, signal)) return 'Served';
  const ref: ObjectRef = { apiVersion: definition.apiVersion, kind: definition.kind, namespace: '', name: definition.name };
  if ((await cluster.look(ref, signal)) !== undefined) return 'Pending';
  await cluster.create(ref, definition.json, signal).catch(unlessConflict);
  return 'Pending';
};

const areServed = async (cluster: Cluster, kinds: readonly ServedKind[], signal: AbortSignal): Promise<boolean> => {
  for (const { apiVersion, kind } of kinds) {
    if (!(await isServed(cluster, apiVersion, kind, signal))) return false;
  }
  return true;
};

const isServed = async (cluster: Cluster, apiVersion: string, kind: string, signal: AbortSignal): Promise<boolean> => {
  try {
    await cluster.scopeOf(apiVersion, kind, signal);
    return true;
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'UnknownKind') return false;
    throw error;
  }
};

/** Another release of the same chart was first. */
const unlessConflict = (error: unknown): void => {
  if (!(error instanceof ClusterError && error.code === 'Conflict')) throw error;
};

interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

interface Definition {
  readonly spec?: {
    readonly group?: string;
    readonly names?: { readonly kind?: string };
    readonly versions?: readonly { readonly name?: string; readonly served?: boolean }[];
  };
}

const servedKinds = (json: Uint8Array): readonly ServedKind[] => {
  // The API server checks the definition when it is created; a part that is missing here is one that it refuses.
  const { spec } = JSON.parse(new TextDecoder().decode(json)) as Definition;
  return (spec?.versions ?? [])
    .filter((version) => version.served === true)
    .map((version) => ({ apiVersion: `${spec?.group ?? ''}/${version.name ?? ''}`, kind: spec?.names?.kind ?? '' }));
};
