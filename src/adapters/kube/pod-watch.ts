import { type PodState, readPod } from '../../core/pod-state.ts';
import type { Connection } from './connection.ts';
import type { Selection } from './list-page.ts';
import { Watcher } from './watcher.ts';

/** The pods of one object, watched until that is ended. */
export class PodWatch {
  readonly #watcher: Watcher<PodState>;
  readonly #end = new AbortController();
  /** What is listed first is looked at anyway. */
  #isListed = false;

  /** `changed` is called when a pod says something else than before; it must not block. */
  constructor(connection: Connection, selection: Selection, changed: () => void) {
    this.#watcher = new Watcher<PodState>(connection, {
      apiVersion: 'v1',
      kind: 'Pod',
      selection,
      keep: readPod,
      changed: (change) => {
        const isNews = change.kind !== 'Updated' || JSON.stringify(change.before.value) !== JSON.stringify(change.now.value);
        if (isNews && this.#isListed) changed();
      },
    });
    this.#watcher.start(this.#end.signal);
  }

  /** The pods as they are, as soon as they are listed. Rejects with ClusterError. */
  async pods(signal: AbortSignal): Promise<readonly PodState[]> {
    await this.#watcher.readyOrTrouble(signal);
    this.#isListed = true;
    return this.#watcher.keys().flatMap((key) => this.#watcher.get(key)?.value ?? []);
  }

  end(): void {
    this.#end.abort();
  }
}
