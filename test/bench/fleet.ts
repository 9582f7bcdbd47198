import { API_VERSION, type ChartReleaseStatus, GROUP, KIND, PLURAL, VERSION } from '../../src/api/chart-release.ts';
import { connectWithKubeconfig } from '../../src/adapters/kube/connect.ts';
import type { Connection } from '../../src/adapters/kube/connection.ts';
import { fieldsOf, metadataOf } from '../../src/adapters/kube/kube-object.ts';
import { Watcher } from '../../src/adapters/kube/watcher.ts';
import { SystemClock } from '../../src/adapters/system/clock.ts';
import { createLogger } from '../../src/adapters/system/logger.ts';

/** What all releases are to come to. */
export interface Goal {
  readonly count: number;
  readonly revision: number;
  readonly digest: string;
}

/** All that is kept of a ChartRelease. */
interface Seen {
  readonly revision: number | undefined;
  readonly digest: string | undefined;
  readonly isReady: boolean;
  /** Why it is ready, or not. */
  readonly story: string;
}

const EXAMPLES = 3;

/** The ChartReleases of the lab, in one watch. */
export class Fleet {
  readonly #connection: Connection;
  readonly #watcher: Watcher<Seen>;
  #changed: (key: string) => void = () => undefined;

  private constructor(connection: Connection) {
    this.#connection = connection;
    this.#watcher = new Watcher<Seen>(connection, {
      apiVersion: API_VERSION,
      kind: KIND,
      selection: { path: `/apis/${GROUP}/${VERSION}/${PLURAL}`, isMetadataOnly: false },
      keep: seenOf,
      changed: (change) => this.#changed(change.kind === 'Deleted' ? change.before.key : change.now.key),
    });
  }

  static async open(kubeconfig: string, signal: AbortSignal): Promise<Fleet> {
    const fleet = new Fleet(await connectWithKubeconfig(kubeconfig, undefined, { clock: new SystemClock(), logger: createLogger({ level: 'silent' }) }));
    fleet.#watcher.start();
    await fleet.#watcher.ready(signal);
    return fleet;
  }

  /** Resolves with the moment, in ms since the epoch, at which the last release came to the goal. Rejects with how far they are after `patienceMs`. */
  async reach(goal: Goal, patienceMs: number, signal: AbortSignal): Promise<number> {
    const there = new Set<string>();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const look = (key: string): void => {
      if (this.#isAt(key, goal)) there.add(key);
      if (there.size >= goal.count) resolve(Date.now());
    };
    const timer = setTimeout(() => reject(new Error(this.#describe(goal, there, patienceMs))), patienceMs);
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    this.#changed = look;
    for (const key of this.#watcher.keys()) look(key);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      this.#changed = () => undefined;
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #isAt(key: string, { revision, digest }: Goal): boolean {
    const seen = this.#watcher.get(key)?.value;
    return seen?.isReady === true && seen.revision === revision && seen.digest === digest;
  }

  #describe(goal: Goal, there: ReadonlySet<string>, patienceMs: number): string {
    const late = this.#watcher.keys().filter((key) => !there.has(key));
    const examples = late.slice(0, EXAMPLES).map((key) => {
      const seen = this.#watcher.get(key)?.value;
      return `  ${key}: revision ${seen?.revision ?? 'none'}, ${seen?.story}`;
    });
    return [`${there.size} of ${goal.count} releases were Ready at revision ${goal.revision} after ${patienceMs / 1000} s; not so are`, ...examples].join('\n');
  }
}

const seenOf = (object: unknown): Seen => {
  const { generation } = metadataOf(object);
  const status = fieldsOf(fieldsOf(object)['status']) as ChartReleaseStatus; // the CRD's own shape
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return {
    revision: status.revision,
    digest: status.chart?.digest,
    isReady: ready?.status === 'True' && ready.observedGeneration === generation && status.observedGeneration === generation,
    story: ready === undefined ? 'not looked at yet' : `Ready=${ready.status} ${ready.reason}: ${ready.message}`,
  };
};
