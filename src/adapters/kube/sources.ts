import { isNewer } from '../../core/resource-version.ts';
import type { SourceKeys, SourceRef, Sources } from '../../ports/sources.ts';
import { readJson } from './api.ts';
import { hasCode } from './api-error.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, metadataOf } from './kube-object.ts';
import type { Selection } from './list-page.ts';
import { RECORD_TYPE } from './record-secret.ts';
import type { Change } from './watch-cache.ts';
import { Watcher } from './watcher.ts';

/** The resourceVersion that was read of each object; empty where there was none, undefined while it is read. */
type Readings = Map<string, string | undefined>;

/**
 * ConfigMaps and Secrets, read when they are asked for. Changes are seen by one watch a kind over all namespaces, of metadata alone, which
 * begins when the first object of the kind is asked for: a watch for each object, or each namespace, would be as many connections. Helm's
 * records, which are most of a cluster's changing Secrets, are left out of it.
 */
export class KubeSources implements Sources {
  readonly #connection: Connection;
  readonly #wake: (follower: string) => void;
  readonly #watched = new Set<SourceRef['kind']>();
  readonly #readings = new Map<string, Readings>();
  readonly #followers = new Map<string, Set<string>>();

  /** `wake` is called with the release whose values may be others now. Must not block. */
  constructor(connection: Connection, wake: (follower: string) => void) {
    this.#connection = connection;
    this.#wake = wake;
  }

  async read(follower: string, refs: readonly SourceRef[], signal: AbortSignal): Promise<readonly (SourceKeys | undefined)[]> {
    const readings = this.#follow(follower, refs);
    const once = new Map(refs.map((ref) => [keyOf(ref), ref]));
    const found = new Map(await Promise.all([...once].map(async ([key, ref]) => [key, await this.#readOne(ref, readings, signal)] as const)));
    return refs.map((ref) => found.get(keyOf(ref)));
  }

  forget(follower: string): void {
    for (const key of this.#readings.get(follower)?.keys() ?? []) this.#drop(key, follower);
    this.#readings.delete(follower);
  }

  /** Before anything is read, so that no change falls in between. */
  #follow(follower: string, refs: readonly SourceRef[]): Readings {
    const before = this.#readings.get(follower);
    const readings: Readings = new Map(refs.map((ref) => [keyOf(ref), before?.get(keyOf(ref))]));
    this.forget(follower);
    if (readings.size > 0) this.#readings.set(follower, readings);
    for (const ref of refs) {
      this.#followers.set(keyOf(ref), (this.#followers.get(keyOf(ref)) ?? new Set()).add(follower));
      this.#watch(ref.kind);
    }
    return readings;
  }

  async #readOne(ref: SourceRef, readings: Readings, signal: AbortSignal): Promise<SourceKeys | undefined> {
    const action = `read ${ref.kind} ${ref.namespace}/${ref.name}`;
    const path = `/api/v1/namespaces/${encodeURIComponent(ref.namespace)}/${COLLECTIONS[ref.kind]}/${encodeURIComponent(ref.name)}`;
    try {
      const object = readJson(action, await this.#connection.api.ask(action, { method: 'GET', path }, signal));
      readings.set(keyOf(ref), metadataOf(object).resourceVersion);
      return bytesOf(object, ref.kind);
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      readings.set(keyOf(ref), '');
      return undefined;
    }
  }

  #watch(kind: SourceRef['kind']): void {
    if (this.#watched.has(kind)) return;
    this.#watched.add(kind);
    const selection: Selection = { path: `/api/v1/${COLLECTIONS[kind]}`, isMetadataOnly: true, ...(kind === 'Secret' && { fieldSelector: `type!=${RECORD_TYPE}` }) };
    new Watcher<undefined>(this.#connection, { apiVersion: 'v1', kind, selection, keep: () => undefined, changed: (change) => this.#tell(kind, change) }).start();
  }

  #tell(kind: SourceRef['kind'], change: Change<undefined>): void {
    const key = `${kind} ${(change.kind === 'Deleted' ? change.before : change.now).key}`;
    for (const follower of this.#followers.get(key) ?? []) {
      if (isNews(change, this.#readings.get(follower)?.get(key))) this.#wake(follower);
    }
  }

  #drop(key: string, follower: string): void {
    const followers = this.#followers.get(key);
    followers?.delete(follower);
    if (followers?.size === 0) this.#followers.delete(key);
  }
}

const COLLECTIONS = { ConfigMap: 'configmaps', Secret: 'secrets' } as const;

const keyOf = ({ kind, namespace, name }: SourceRef): string => `${kind} ${namespace}/${name}`;

/** What was read already, in this state or a later one, is no news. */
const isNews = (change: Change<undefined>, read: string | undefined): boolean => {
  if (read === undefined) return true;
  return change.kind === 'Deleted' ? read !== '' : isNewer(change.now.resourceVersion, read);
};

const bytesOf = (object: unknown, kind: SourceRef['kind']): SourceKeys =>
  Object.fromEntries(Object.entries(fieldsOf(fieldsOf(object)['data'])).map(([key, text]) => [key, Buffer.from(String(text), kind === 'Secret' ? 'base64' : 'utf8')]));
