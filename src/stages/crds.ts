import type { ObjectRef } from '../core/object-ref.ts';
import type { Clock } from '../ports/clock.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';
import type { RenderedObject } from '../ports/renderer.ts';

const PATIENCE_MS = 15_000;
const POLL_MS = 250;

/**
 * Creates what the chart's `crds/` has and the cluster has not, leaves what is there alone, as Helm does, and waits
 * until the new kinds are served. Rejects with StageError when they are not in time.
 */
export const crds = async (
  deps: { readonly cluster: Cluster; readonly clock: Clock },
  definitions: readonly RenderedObject[],
  namespace: string,
  signal: AbortSignal,
): Promise<void> => {
  const created = await Promise.all(definitions.map((definition) => bring(deps.cluster, definition, namespace, signal)));
  const until = deps.clock.now() + PATIENCE_MS;
  for (const definition of definitions.filter((_, index) => created[index])) await untilServed(deps, definition, until, signal);
};

/** True when the object was made just now. */
const bring = async (cluster: Cluster, definition: RenderedObject, namespace: string, signal: AbortSignal): Promise<boolean> => {
  const { apiVersion, kind, name, json } = definition;
  if (await isServed(cluster, definition, signal)) return false;
  const scope = await cluster.scopeOf(apiVersion, kind, signal);
  const ref: ObjectRef = { apiVersion, kind, namespace: scope === 'Cluster' ? '' : definition.namespace || namespace, name };
  if ((await cluster.look(ref, signal)) !== undefined) return false;
  await cluster.create(ref, json, { dryRun: false }, signal).catch(unlessConflict);
  return true;
};

const untilServed = async (
  { cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock },
  definition: RenderedObject,
  until: number,
  signal: AbortSignal,
): Promise<void> => {
  while (servedKinds(definition).length > 0 && !(await isServed(cluster, definition, signal))) {
    if (clock.now() >= until) {
      throw new StageError(
        'CrdNotServed',
        `CustomResourceDefinition ${definition.name} (${definition.source}) was created and is not served after ${PATIENCE_MS / 1000} s; kubectl describe crd ${definition.name} says why`,
      );
    }
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
    signal.throwIfAborted();
  }
};

/** Whether any version of the defined kind is served: a definition that is there already may have fewer than the chart's. */
const isServed = async (cluster: Cluster, definition: RenderedObject, signal: AbortSignal): Promise<boolean> => {
  for (const { apiVersion, kind } of servedKinds(definition)) {
    const scope = await cluster.scopeOf(apiVersion, kind, signal).catch(unlessUnknown);
    if (scope !== undefined) return true;
  }
  return false;
};

const unlessUnknown = (error: unknown): undefined => {
  if (!(error instanceof ClusterError && error.code === 'UnknownKind')) throw error;
  return undefined;
};

/** Another release of the same chart was first. */
const unlessConflict = (error: unknown): void => {
  if (!(error instanceof ClusterError && error.code === 'Conflict')) throw error;
};

interface Definition {
  readonly spec?: {
    readonly group?: string;
    readonly names?: { readonly kind?: string };
    readonly versions?: readonly { readonly name?: string; readonly served?: boolean }[];
  };
}

const servedKinds = ({ kind, json }: RenderedObject): readonly { readonly apiVersion: string; readonly kind: string }[] => {
  if (kind !== 'CustomResourceDefinition') return [];
  // The API server checks the definition when it is created; a part that is missing here is one that it refuses.
  const { spec } = JSON.parse(new TextDecoder().decode(json)) as Definition;
  return (spec?.versions ?? [])
    .filter((version) => version.served === true)
    .map((version) => ({ apiVersion: `${spec?.group ?? ''}/${version.name ?? ''}`, kind: spec?.names?.kind ?? '' }));
};
