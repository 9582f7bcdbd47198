import { FIELD_MANAGER, type ManagedEntry } from '../../core/managed-fields.ts';
import { groupOf, type ObjectRef, printRef } from '../../core/object-ref.ts';
import type { AppliedAnswer, Cluster, LiveObject } from '../../ports/cluster.ts';
import type { Capabilities } from '../../ports/renderer.ts';
import { readJson } from './api.ts';
import { hasCode, isAnotherUid } from './api-error.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, liveObjectOf, METADATA_ONLY } from './kube-object.ts';
import { pause } from './pause.ts';
import type { ApiRequest } from './transport.ts';

const MOST_APPLIES = 3;
const CONFLICT_PAUSE_MS = 100;

/** Objects over the Kubernetes API; answers are asked for as metadata only. */
export class KubeCluster implements Cluster {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  capabilities(signal: AbortSignal): Promise<Capabilities> {
    return this.#connection.discovery.capabilities(signal);
  }

  async scopeOf(apiVersion: string, kind: string, signal: AbortSignal): Promise<'Namespaced' | 'Cluster'> {
    const { isNamespaced } = await this.#connection.discovery.kind(apiVersion, kind, signal);
    return isNamespaced ? 'Namespaced' : 'Cluster';
  }

  async look(ref: ObjectRef, signal: AbortSignal): Promise<LiveObject | undefined> {
    try {
      return (await this.#ask(ref, 'look at', (path) => ({ method: 'GET', path }), signal)).live;
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async read(ref: ObjectRef, signal: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined> {
    const action = `read ${printRef(ref)}`;
    const { api } = this.#connection;
    try {
      return await this.#reach(ref, async (path) => fieldsOf(readJson(action, await api.ask(action, { method: 'GET', path }, signal))), signal);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async apply(ref: ObjectRef, json: Uint8Array, options: { readonly dryRun: boolean }, signal: AbortSignal): Promise<AppliedAnswer> {
    const query = `fieldManager=${FIELD_MANAGER}&force=true&fieldValidation=Strict${options.dryRun ? '&dryRun=All' : ''}`;
    const request = (path: string): ApiRequest => ({
      method: 'PATCH',
      path: `${path}?${query}`,
      contentType: 'application/apply-patch+yaml',
      body: json,
      isSafe: options.dryRun,
    });
    const { live, status } = await this.#insist(() => this.#ask(ref, 'apply', request, signal), signal);
    if (!options.dryRun) this.#noteWrite(ref);
    return { ...live, isCreated: status === 201 };
  }

  async setManaged(ref: ObjectRef, { uid, resourceVersion }: Pick<LiveObject, 'uid' | 'resourceVersion'>, managed: readonly ManagedEntry[], signal: AbortSignal): Promise<void> {
    const body = JSON.stringify({ metadata: { uid, resourceVersion, managedFields: managed } });
    const path = (object: string) => `${object}?fieldManager=${FIELD_MANAGER}`;
    await this.#ask(ref, 'take the fields of', (object) => ({ method: 'PATCH', path: path(object), contentType: 'application/merge-patch+json', body }), signal);
  }

  async create(ref: ObjectRef, json: Uint8Array, options: { readonly dryRun: boolean }, signal: AbortSignal): Promise<LiveObject> {
    const query = `fieldManager=${FIELD_MANAGER}&fieldValidation=Strict${options.dryRun ? '&dryRun=All' : ''}`;
    const { live } = await this.#ask(
      ref,
      'create',
      (path) => ({
        method: 'POST',
        path: `${path.slice(0, path.lastIndexOf('/'))}?${query}`,
        body: json,
        isSafe: options.dryRun,
      }),
      signal,
    );
    if (!options.dryRun) this.#noteWrite(ref);
    return live;
  }

  async replace(ref: ObjectRef, json: Uint8Array, signal: AbortSignal): Promise<LiveObject> {
    const query = `fieldManager=${FIELD_MANAGER}&fieldValidation=Strict`;
    const { live } = await this.#ask(ref, 'replace', (path) => ({ method: 'PUT', path: `${path}?${query}`, body: json }), signal);
    this.#noteWrite(ref);
    return live;
  }

  async remove(ref: ObjectRef, uid: string, signal: AbortSignal): Promise<boolean> {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid }, propagationPolicy: 'Background' });
    const { api } = this.#connection;
    try {
      await this.#reach(ref, (path) => api.ask(`remove ${printRef(ref)}`, { method: 'DELETE', path, accept: METADATA_ONLY, body }, signal), signal);
      return true;
    } catch (error) {
      if (hasCode(error, 'NotFound') || isAnotherUid(error)) return false;
      throw error;
    }
  }

  #ask(ref: ObjectRef, verb: string, requestTo: (path: string) => ApiRequest, signal: AbortSignal): Promise<{ readonly live: LiveObject; readonly status: number }> {
    const action = `${verb} ${printRef(ref)}`;
    return this.#reach(
      ref,
      async (path) => {
        const reply = await this.#connection.api.ask(action, { ...requestTo(path), accept: METADATA_ONLY }, signal);
        return { live: liveObjectOf(action, readJson(action, reply)), status: reply.status };
      },
      signal,
    );
  }

  /**
   * A forced apply has no precondition, so a conflict is others who write the same object at the same moment: nothing was done, and it is sent again. One that the
   * manifest itself brings about, by a resourceVersion in it, stays.
   */
  async #insist<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await send();
      } catch (error) {
        if (tries === MOST_APPLIES || !hasCode(error, 'Conflict')) throw error;
        await pause(this.#connection.clock, CONFLICT_PAUSE_MS * tries, signal);
      }
    }
  }

  /** A definition that is written may change what is served. */
  #noteWrite({ apiVersion, kind }: ObjectRef): void {
    if (kind === 'CustomResourceDefinition' && groupOf(apiVersion) === 'apiextensions.k8s.io') this.#connection.discovery.forget();
  }

  #reach<T>(ref: ObjectRef, run: (path: string) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { discovery } = this.#connection;
    return discovery.reach(() => discovery.pathOf(ref, signal), run);
  }
}
