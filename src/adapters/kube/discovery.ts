import type { ObjectRef } from '../../core/object-ref.ts';
import type { Clock } from '../../ports/clock.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { Capabilities } from '../../ports/renderer.ts';
import { type Api, readJson } from './api.ts';
import { hasCode } from './api-error.ts';
import { aggregatedVersions, helmApiVersions, isAggregated, plainApiVersions, plainVersion, type ServedKind, type ServedVersion } from './discovery-documents.ts';
import { fieldsOf, textOf } from './kube-object.ts';
import { untilAborted } from './pause.ts';

/** Before Kubernetes 1.30 it was of v2beta1, and the same. */
const AGGREGATED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');
const LIMIT_BYTES = 64 * 1024 * 1024;
const ACTION = 'ask what the API server serves';
/** How soon the same unknown kind makes us ask again. */
const PATIENCE_MS = 1_000;
/** How old the answer to `capabilities` may be. */
const MAX_AGE_MS = 60_000;

interface Served {
  readonly capabilities: Capabilities;
  readonly versions: ReadonlyMap<string, ServedVersion>;
  readonly askedAt: number;
  /** Kinds that were looked for in vain in this very answer. */
  readonly missing: Set<string>;
}

/** What the API server serves: asked once, and again when a kind is unknown. Callers that ask at once share one question. */
export class Discovery {
  readonly #api: Api;
  readonly #clock: Clock;
  #served: Served | undefined;
  #asking: Promise<Served> | undefined;

  constructor(api: Api, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Server version and API versions in Helm's form, at most a minute old. Rejects with ClusterError. */
  async capabilities(signal: AbortSignal): Promise<Capabilities> {
    const served = this.#served;
    const isFresh = served !== undefined && this.#clock.now() - served.askedAt < MAX_AGE_MS;
    return (isFresh ? served : await this.#ask(signal)).capabilities;
  }

  /** How a kind is served. Rejects with ClusterError: UnknownKind, or Unavailable where its API does not answer. */
  async kind(apiVersion: string, kind: string, signal: AbortSignal): Promise<ServedKind> {
    const known = kindIn(this.#served, apiVersion, kind);
    if (known !== undefined) return known;
    const served = this.#answerLacking(`${apiVersion}/${kind}`) ?? (await this.#ask(signal));
    return kindIn(served, apiVersion, kind) ?? unknown(served, apiVersion, kind);
  }

  /** Path of an object. Its namespace is set exactly when its kind is namespaced. */
  async pathOf(ref: ObjectRef, signal: AbortSignal): Promise<string> {
    return `${await this.collectionOf(ref, signal)}/${encodeURIComponent(ref.name)}`;
  }

  /** Path of the objects of a kind in the namespace of `ref`, or in all where that is empty. */
  async collectionOf(ref: Omit<ObjectRef, 'name'>, signal: AbortSignal): Promise<string> {
    const { resource, isNamespaced } = await this.kind(ref.apiVersion, ref.kind, signal);
    const namespace = isNamespaced && ref.namespace !== '' ? `/namespaces/${encodeURIComponent(ref.namespace)}` : '';
    return `${rootOf(ref.apiVersion)}${namespace}/${resource}`;
  }

  /** Runs with a path; one that is not served any more is made once again, of what is served now. */
  async reach<T>(makePath: () => Promise<string>, run: (path: string) => Promise<T>): Promise<T> {
    const path = await makePath();
    try {
      return await run(path);
    } catch (error) {
      if (!hasCode(error, 'UnknownKind')) throw error;
      this.forget();
      return run(await makePath());
    }
  }

  /** Says that a path made of the cached answer was not served, so that the next question is asked anew. */
  forget(): void {
    this.#served = undefined;
  }

  /** An answer that is young enough, and was found to lack the kind before. */
  #answerLacking(kind: string): Served | undefined {
    const served = this.#served;
    return served?.missing.has(kind) === true && this.#clock.now() - served.askedAt < PATIENCE_MS ? served : undefined;
  }

  async #ask(signal: AbortSignal): Promise<Served> {
    // The question is not the caller's alone, so the caller's signal does not end it.
    this.#asking ??= this.#fetch(this.#api.closing).finally(() => {
      this.#asking = undefined;
    });
    return untilAborted(this.#asking, signal);
  }

  async #fetch(signal: AbortSignal): Promise<Served> {
    const [version, core, groups] = await Promise.all([this.#get('/version', signal), this.#versionsBelow('/api', signal), this.#versionsBelow('/apis', signal)]);
    const versions = [...core, ...groups];
    this.#served = {
      capabilities: { kubeVersion: textOf(fieldsOf(version)['gitVersion']), apiVersions: helmApiVersions(versions) },
      versions: new Map(versions.map((served) => [served.apiVersion, served])),
      askedAt: this.#clock.now(),
      missing: new Set(),
    };
    return this.#served;
  }

  async #versionsBelow(path: string, signal: AbortSignal): Promise<readonly ServedVersion[]> {
    const document = await this.#get(path, signal);
    if (isAggregated(document)) return aggregatedVersions(document);
    return Promise.all(plainApiVersions(document).map(async (apiVersion) => plainVersion(apiVersion, await this.#getOrNothing(rootOf(apiVersion), signal))));
  }

  /** An API server that has just started leaves out the kinds of CustomResourceDefinitions that it has not read yet. */
  async #get(path: string, signal: AbortSignal): Promise<unknown> {
    const request = { method: 'GET', path, accept: AGGREGATED, limitBytes: LIMIT_BYTES, isToReady: path === '/apis' } as const;
    return readJson(ACTION, await this.#api.ask(ACTION, request, signal));
  }

  /** One API that does not answer must not hide the others. */
  async #getOrNothing(path: string, signal: AbortSignal): Promise<unknown> {
    const reply = await this.#api.askAny(ACTION, { method: 'GET', path, limitBytes: LIMIT_BYTES }, signal);
    return reply.status === 200 ? readJson(ACTION, reply) : undefined;
  }
}

const rootOf = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

const kindIn = (served: Served | undefined, apiVersion: string, kind: string): ServedKind | undefined => served?.versions.get(apiVersion)?.kinds.get(kind);

const unknown = (served: Served, apiVersion: string, kind: string): never => {
  if (served.versions.get(apiVersion)?.isStale === true)
    throw new ClusterError('Unavailable', `cannot find out about ${apiVersion} ${kind}: what serves ${apiVersion} does not answer`);
  served.missing.add(`${apiVersion}/${kind}`);
  throw new ClusterError('UnknownKind', `the API server serves no ${apiVersion} ${kind}`);
};
