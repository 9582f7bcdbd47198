import { isNewer } from '../../core/resource-version.ts';
import type { SourceContent, SourceKeys, SourceRef, Sources, SourceUse } from '../../ports/sources.ts';
import { readJson } from './api.ts';
import { hasCode } from './api-error.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, metadataOf } from './kube-object.ts';
import type { Selection } from './list-page.ts';
import { RECORD_TYPE } from './record-secret.ts';
import type { Change } from './watch-cache.ts';
import { Watcher } from './watcher.ts';

/** One use that a release has for sources. */
interface Reader {
  readonly follower: string;
  readonly readings: Readings;
}

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
  readonly #readers: Readonly<Record<SourceUse, Map<string, Reader>>> = { Values: new Map(), Registry: new Map() };
  readonly #readersOf = new Map<string, Set<Reader>>();

  /** `wake` is called with the release that may read something else now. Must not block. */
  constructor(connection: Connection, wake: (follower: string) => void) {
    this.#connection = connection;
    this.#wake = wake;
  }

  async read(follower: string, use: SourceUse, refs: readonly SourceRef[], signal: AbortSignal): Promise<readonly (SourceContent | undefined)[]> {
    const readings = this.#follow(follower, use, refs);
    const once = new Map(refs.map((ref) => [keyOf(ref), ref]));
    const found = new Map(await Promise.all([...once].map(async ([key, ref]) => [key, await this.#readOne(ref, readings, signal)] as const)));
    return refs.map((ref) => found.get(keyOf(ref)));
  }

  forget(follower: string): void {
    this.#leave(follower, 'Values');
    this.#leave(follower, 'Registry');
  }

  /** Before anything is read, so that no change falls in between. */
  #follow(follower: string, use: SourceUse, refs: readonly SourceRef[]): Readings {
    const before = this.#readers[use].get(follower)?.readings;
    const readings: Readings = new Map(refs.map((ref) => [keyOf(ref), before?.get(keyOf(ref))]));
    this.#leave(follower, use);
    const reader: Reader = { follower, readings };
    if (readings.size > 0) this.#readers[use].set(follower, reader);
    for (const ref of refs) {
      this.#readersOf.set(keyOf(ref), (this.#readersOf.get(keyOf(ref)) ?? new Set()).add(reader));
      this.#watch(ref.kind);
    }
    return readings;
  }

  #leave(follower: string, use: SourceUse): void {
    const reader = this.#readers[use].get(follower);
    if (reader === undefined) return;
    this.#readers[use].delete(follower);
    for (const key of reader.readings.keys()) this.#drop(key, reader);
  }

  async #readOne(ref: SourceRef, readings: Readings, signal: AbortSignal): Promise<SourceContent | undefined> {
    const action = `read ${ref.kind} ${ref.namespace}/${ref.name}`;
    const path = `/api/v1/namespaces/${encodeURIComponent(ref.namespace)}/${COLLECTIONS[ref.kind]}/${encodeURIComponent(ref.name)}`;
    try {
      const object = readJson(action, await this.#connection.api.ask(action, { method: 'GET', path }, signal));
      const { resourceVersion, annotations } = metadataOf(object);
      readings.set(keyOf(ref), resourceVersion);
      return { keys: bytesOf(object, ref.kind), annotations };
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
    const watcher = new Watcher<undefined>(this.#connection, { apiVersion: 'v1', kind, selection, keep: () => undefined, changed: (change) => this.#tell(kind, change) });
    watcher.start();
    void watcher.ready(this.#connection.api.closing).then(
      () => this.#tellGone(kind, watcher),
      () => undefined,
    );
  }

  /** What was read before the first list was in, and is not in it: no change tells that it went in between. */
  #tellGone(kind: SourceRef['kind'], watcher: Watcher<undefined>): void {
    for (const [key, readers] of this.#readersOf) {
      if (!key.startsWith(`${kind} `) || watcher.get(key.slice(kind.length + 1)) !== undefined) continue;
      for (const { follower, readings } of readers) if (readings.get(key) !== '') this.#wake(follower);
    }
  }

  #tell(kind: SourceRef['kind'], change: Change<undefined>): void {
    const key = `${kind} ${(change.kind === 'Deleted' ? change.before : change.now).key}`;
    for (const { follower, readings } of this.#readersOf.get(key) ?? []) {
      if (isNews(change, readings.get(key))) this.#wake(follower);
    }
  }

  #drop(key: string, reader: Reader): void {
    const readers = this.#readersOf.get(key);
    readers?.delete(reader);
    if (readers?.size === 0) this.#readersOf.delete(key);
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
