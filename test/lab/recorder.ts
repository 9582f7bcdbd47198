import { type Change, watchUnder } from './history.ts';

/** Follows every key of a lab's etcd, from its first revision on. */
export interface Recorder {
  /** What happens to such keys from now on, and all of their history where it begins before there is one of them. */
  track(isMeant: (key: string) => boolean): Track;
  close(): Promise<void>;
}

/** Some keys of etcd: their changes, and what stands there now. */
export interface Track {
  /** What stands at a key. */
  now(key: string): string | undefined;
  /** Hears of every change, in order, before `until` looks. */
  onChange(hear: (change: Change) => void): void;
  /** Resolves as soon as that is so, which is asked now and after every change; false where it is not within that time, or before the end of the track. */
  until(isSo: () => boolean, withinMs: number): Promise<boolean>;
  end(): void;
}

/** Begins to record; the API server has to keep all history, see history.ts. */
export const startRecorder = (etcd: string): Recorder => {
  const recording = new Recording();
  const abort = new AbortController();
  const over = recording.run(etcd, abort.signal);
  return {
    track: (isMeant) => recording.track(isMeant),
    close: async () => {
      abort.abort();
      await over;
    },
  };
};

class Recording {
  readonly #tracks = new Set<KeyTrack>();

  track(isMeant: (key: string) => boolean): Track {
    const track = new KeyTrack(isMeant, () => this.#tracks.delete(track));
    this.#tracks.add(track);
    return track;
  }

  async run(etcd: string, signal: AbortSignal): Promise<void> {
    const isMeant = (key: string): boolean => [...this.#tracks].some((track) => track.isMeant(key));
    try {
      for await (const changes of watchUnder(etcd, '/registry/', { isMeant, signal })) {
        for (const track of this.#tracks) track.take(changes);
      }
      throw new Error('the watch of etcd ended');
    } catch (error) {
      if (signal.aborted) return;
      // Whoever waits is told: nothing more will come.
      for (const track of this.#tracks) track.fail(error);
    }
  }
}

class KeyTrack implements Track {
  readonly isMeant: (key: string) => boolean;
  readonly #end: () => void;
  readonly #now = new Map<string, string>();
  readonly #listeners: ((change: Change) => void)[] = [];
  readonly #looks = new Set<() => void>();
  #failure: unknown;
  #isEnded = false;

  constructor(isMeant: (key: string) => boolean, end: () => void) {
    this.isMeant = isMeant;
    this.#end = end;
  }

  now(key: string): string | undefined {
    return this.#now.get(key);
  }

  onChange(hear: (change: Change) => void): void {
    this.#listeners.push(hear);
  }

  until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        end();
      };
      const timer = setTimeout(() => settle(() => resolve(false)), withinMs);
      const look = (): void => {
        if (this.#failure !== undefined) settle(() => reject(this.#failure));
        else if (this.#isEnded || isSo()) settle(() => resolve(!this.#isEnded));
      };
      this.#looks.add(look);
      look();
    });
  }

  end(): void {
    this.#end();
    this.#isEnded = true;
    for (const look of [...this.#looks]) look();
  }

  take(changes: readonly Change[]): void {
    const meant = changes.filter(({ key }) => this.isMeant(key));
    for (const change of meant) {
      if (change.value === undefined) this.#now.delete(change.key);
      else this.#now.set(change.key, change.value);
      for (const hear of this.#listeners) hear(change);
      for (const look of [...this.#looks]) look();
    }
  }

  fail(error: unknown): void {
    this.#failure = error;
    for (const look of [...this.#looks]) look();
  }
}
