import { API_VERSION, type ChartReleaseStatus, FINALIZER, GROUP, KIND, PLURAL, VERSION } from '../../api/chart-release.ts';
import { parseExact } from '../../core/exact-json.ts';
import { keyOf } from '../../core/object-ref.ts';
import { isNewer } from '../../core/resource-version.ts';
import { canonicalJson } from '../../core/values.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { ReleaseChange, ReleaseIdentity, Releases, SeenRelease } from '../../ports/releases.ts';
import { readJson } from './api.ts';
import { hasCode, isAnotherUid } from './api-error.ts';
import type { Connection } from './connection.ts';
import { metadataOf } from './kube-object.ts';
import { type WatchedRelease, whatChanged } from './release-change.ts';
import { readRelease } from './release-reader.ts';
import type { ApiRequest } from './transport.ts';
import type { Change } from './watch-cache.ts';
import { Watcher } from './watcher.ts';

export interface ReleasesOptions {
  /** Namespaces that are watched; empty for all of them. */
  readonly namespaces: readonly string[];
  /** Called on every change that the watch sees, our own writes too. Must not block. */
  readonly changed: (key: string, what: ReleaseChange) => void;
  /** Called when the API server answers again after it did not. Must not block. */
  readonly onBack?: () => void;
}

/** Owner of the status of ChartReleases. */
export const STATUS_MANAGER = 'tagalong-status';

const ROOT = `/apis/${GROUP}/${VERSION}`;

/** ChartReleases over the Kubernetes API: read from a watch, written with preconditions. */
export class KubeReleases implements Releases {
  readonly #connection: Connection;
  readonly #changed: ReleasesOptions['changed'];
  readonly #onBack: () => void;
  readonly #watchers: readonly Watcher<WatchedRelease>[];
  /** Answers to our own writes that the watch has not caught up with. */
  readonly #written = new Map<string, SeenRelease>();

  constructor(connection: Connection, options: ReleasesOptions) {
    this.#connection = connection;
    this.#changed = options.changed;
    this.#onBack = options.onBack ?? (() => undefined);
    const paths = options.namespaces.length === 0 ? [`${ROOT}/${PLURAL}`] : options.namespaces.map((namespace) => `${ROOT}/namespaces/${encodeURIComponent(namespace)}/${PLURAL}`);
    this.#watchers = paths.map((path) => this.#watcherOf(path));
  }

  /** Begins to watch; to be called once. */
  start(): void {
    for (const watcher of this.#watchers) watcher.start();
  }

  /** Resolves when all ChartReleases were seen. Rejects only when the signal aborts. */
  async ready(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.ready(signal)));
  }

  /** Lists them anew: until that list is in, they are not ready. */
  refresh(): void {
    for (const watcher of this.#watchers) watcher.refresh();
  }

  /** Whether `ready` would resolve at once. */
  get isReady(): boolean {
    return this.#watchers.every(({ isReady }) => isReady);
  }

  get(key: string): SeenRelease | undefined {
    const watched = this.#watched(key)?.seen;
    const written = this.#written.get(key);
    if (watched === undefined || written === undefined || written.release.metadata.uid !== watched.release.metadata.uid) return watched;
    return isNewer(written.release.metadata.resourceVersion, watched.release.metadata.resourceVersion) ? written : watched;
  }

  keys(): readonly string[] {
    return this.#watchers.flatMap((watcher) => watcher.keys());
  }

  async addFinalizer(release: ReleaseIdentity, signal: AbortSignal): Promise<void> {
    const { metadata } = this.#newest(release);
    if (metadata.finalizers?.includes(FINALIZER) === true) return;
    await this.#write('add our finalizer to', release, finalizersPatch(release, [...(metadata.finalizers ?? []), FINALIZER], metadata.resourceVersion), signal);
  }

  async removeFinalizer(release: ReleaseIdentity, signal: AbortSignal): Promise<void> {
    const { metadata } = this.#newest(release);
    if (metadata.finalizers?.includes(FINALIZER) !== true) return;
    const others = metadata.finalizers.filter((finalizer) => finalizer !== FINALIZER);
    await unlessGone(this.#write('remove our finalizer from', release, finalizersPatch(release, others, metadata.resourceVersion), signal));
  }

  async saveStatus(release: ReleaseIdentity, status: ChartReleaseStatus, signal: AbortSignal): Promise<void> {
    const newest = this.#newest(release);
    if (newest.status !== release.status && canonicalJson(newest.status) !== canonicalJson(release.status))
      throw new ClusterError('Conflict', `the status of ${KIND} ${keyOf(release.metadata)} is another one by now than the one to be written over; the release is looked at afresh`);
    try {
      await unlessGone(this.#write('write the status of', newest, statusPatch(newest, status), signal));
    } catch (error) {
      // Somebody has changed something else of it meanwhile. What the run has done is so all the same, and only this run can tell it.
      const isBehind = hasCode(error, 'Conflict') && isNewer(this.#newest(newest).metadata.resourceVersion, newest.metadata.resourceVersion);
      if (!isBehind) throw error;
      await this.saveStatus(release, status, signal);
    }
  }

  #watcherOf(path: string): Watcher<WatchedRelease> {
    return new Watcher(this.#connection, {
      apiVersion: API_VERSION,
      kind: KIND,
      selection: { path, isMetadataOnly: false },
      parse: parseExact,
      keep: (object) => ({ seen: readRelease(object), labels: JSON.stringify(metadataOf(object).labels) }),
      changed: (change) => this.#tell(change),
      onBack: this.#onBack,
    });
  }

  #tell(change: Change<WatchedRelease>): void {
    const { key } = change.kind === 'Deleted' ? change.before : change.now;
    const written = this.#written.get(key);
    const isCaughtUp = written !== undefined && (change.kind === 'Deleted' || !isNewer(written.release.metadata.resourceVersion, change.now.resourceVersion));
    if (isCaughtUp) this.#written.delete(key);
    this.#changed(key, whatChanged(change));
  }

  #watched(key: string): WatchedRelease | undefined {
    for (const watcher of this.#watchers) {
      const entry = watcher.get(key);
      if (entry !== undefined) return entry.value;
    }
    return undefined;
  }

  /** What is known of the same object now, which may be newer than what the caller began with. */
  #newest(release: ReleaseIdentity): ReleaseIdentity {
    const known = this.get(keyOf(release.metadata))?.release;
    return known !== undefined && known.metadata.uid === release.metadata.uid && isNewer(known.metadata.resourceVersion, release.metadata.resourceVersion) ? known : release;
  }

  async #write(verb: string, { metadata }: ReleaseIdentity, patch: Patch, signal: AbortSignal): Promise<void> {
    const action = `${verb} ${KIND} ${metadata.namespace}/${metadata.name}`;
    const path = `${ROOT}/namespaces/${encodeURIComponent(metadata.namespace)}/${PLURAL}/${encodeURIComponent(metadata.name)}`;
    const request: ApiRequest = { method: 'PATCH', path: `${path}${patch.pathEnd}`, contentType: patch.contentType, body: JSON.stringify(patch.body) };
    try {
      this.#remember(readRelease(readJson(action, await this.#connection.api.ask(action, request, signal), parseExact)));
    } catch (error) {
      // The watch is behind, or has missed something: whoever comes next begins with what is there.
      if (hasCode(error, 'Conflict')) await this.#read(path, signal);
      throw error;
    }
  }

  async #read(path: string, signal: AbortSignal): Promise<void> {
    const action = `read ${KIND} ${path}`;
    this.#remember(readRelease(readJson(action, await this.#connection.api.ask(action, { method: 'GET', path }, signal), parseExact)));
  }

  /** Only beside an object that the watch has: one that is gone by now must not come back. */
  #remember(written: SeenRelease): void {
    const { metadata } = written.release;
    const key = keyOf(metadata);
    const known = this.get(key)?.release.metadata;
    if (known?.uid === metadata.uid && isNewer(metadata.resourceVersion, known.resourceVersion)) this.#written.set(key, written);
  }
}

interface Patch {
  readonly pathEnd: string;
  readonly contentType: string;
  readonly body: unknown;
}

/** UID and resourceVersion in the patch are preconditions: the API server answers 409 where they do not hold. */
const finalizersPatch = ({ metadata }: ReleaseIdentity, finalizers: readonly string[], resourceVersion: string): Patch => ({
  pathEnd: '?fieldManager=tagalong',
  contentType: 'application/merge-patch+json',
  body: { metadata: { uid: metadata.uid, resourceVersion, finalizers } },
});

/**
 * A JSON Patch (RFC 6902) that replaces the whole status, so that a field that is left out goes, and tests the UID. The resourceVersion is a
 * precondition as in any write: whoever has seen an old state only, from an API server that is behind, must not write over a newer one.
 * Server-side apply would do the former too, but the API server does not look at a UID that is applied to `/status`.
 */
const statusPatch = ({ metadata: { uid, resourceVersion } }: ReleaseIdentity, status: ChartReleaseStatus): Patch => ({
  pathEnd: `/status?fieldManager=${STATUS_MANAGER}&fieldValidation=Strict`,
  contentType: 'application/json-patch+json',
  body: [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: '/status', value: status },
  ],
});

/** Another object of the same name means that ours is gone too. */
const unlessGone = async (write: Promise<void>): Promise<void> => {
  try {
    await write;
  } catch (error) {
    const isGone = hasCode(error, 'NotFound') || hasCode(error, 'NamespaceNotFound');
    if (!isGone && !isAnotherUid(error)) throw error;
  }
};
