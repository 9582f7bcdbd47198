import { duplicateObjection, kindKey, planObjects, type PlannedObject } from '../core/plan.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';
import type { RenderedObject } from '../ports/renderer.ts';

type Scope = 'Namespaced' | 'Cluster';

/** Gives the objects of a manifest their places in the cluster. Throws StageError where the manifest can't be meant so. */
export const plan = async (cluster: Cluster, objects: readonly RenderedObject[], namespace: string, signal: AbortSignal): Promise<readonly PlannedObject[]> => {
  const scopes = await scopesOf(objects, async (object) => {
    try {
      return await cluster.scopeOf(object.apiVersion, object.kind, signal);
    } catch (error) {
      if (!isUnknownKind(error)) throw error;
      throw new StageError('ManifestRejected', `${error.message}; ${object.kind} ${object.name} comes from ${object.source}: install its CRD first`, { cause: error });
    }
  });
  const planned = planObjects(objects, scopes, namespace);
  const objection = duplicateObjection(planned);
  if (objection !== undefined) throw new StageError('ManifestRejected', objection);
  return planned;
};

/** The same for objects of an earlier manifest. Kinds that the cluster serves no more are left out: no object of theirs is left. */
export const planAgain = async (cluster: Cluster, objects: readonly RenderedObject[], namespace: string, signal: AbortSignal): Promise<readonly PlannedObject[]> => {
  const scopes = await scopesOf(objects, async (object) => {
    try {
      return await cluster.scopeOf(object.apiVersion, object.kind, signal);
    } catch (error) {
      if (isUnknownKind(error)) return undefined;
      throw error;
    }
  });
  return planObjects(
    objects.filter((object) => scopes.has(kindKey(object))),
    scopes,
    namespace,
  );
};

const scopesOf = async (objects: readonly RenderedObject[], lookUp: (object: RenderedObject) => Promise<Scope | undefined>): Promise<ReadonlyMap<string, Scope>> => {
  const scopes = new Map<string, Scope>();
  for (const object of objects) {
    if (scopes.has(kindKey(object))) continue;
    const scope = await lookUp(object);
    if (scope !== undefined) scopes.set(kindKey(object), scope);
  }
  return scopes;
};

const isUnknownKind = (error: unknown): error is ClusterError => error instanceof ClusterError && error.code === 'UnknownKind';
