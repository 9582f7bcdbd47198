import { HOOK_RUN } from '../../src/api/chart-release.ts';
import { isSame, type Live, type Step, type StoredForeigner, type StoredObject, type StoredRecord, type StoredRelease } from './steps.ts';

/** What was in the cluster at one step of a history. */
export class World {
  readonly #records = new Map<string, StoredRecord>();
  readonly #releases = new Map<string, StoredRelease>();
  readonly #objects = new Map<string, StoredObject>();
  readonly #foreigners = new Map<string, StoredForeigner>();

  /** Takes a step; returns what stood at its key before, and the name of the release that it bears on. */
  take(step: Step): { readonly release: string | undefined; readonly before: Step['now'] } {
    switch (step.kind) {
      case 'Record': {
        const before = put(this.#records, step.key, step.now);
        return { before, release: (step.now ?? before)?.release };
      }
      case 'Object': {
        const before = put(this.#objects, step.key, step.now);
        return { before, release: (step.now ?? before)?.release };
      }
      case 'Foreigner':
        return { before: put(this.#foreigners, step.key, step.now), release: undefined };
      case 'Release':
        return { before: put(this.#releases, nameIn(step.key), step.now), release: nameIn(step.key) };
    }
  }

  /** The object of nobody that stands at a key. */
  foreigner(key: string): StoredForeigner | undefined {
    return this.#foreigners.get(key);
  }

  /** Whether there is any ChartRelease. */
  get isInhabited(): boolean {
    return this.#releases.size > 0;
  }

  /** The records of a release, oldest first. */
  records(release: string): readonly StoredRecord[] {
    return [...this.#records.values()].filter((record) => record.release === release).toSorted((one, other) => one.revision - other.revision);
  }

  deployed(release: string): readonly StoredRecord[] {
    return this.records(release).filter(({ status }) => status === 'deployed');
  }

  pending(release: string): readonly StoredRecord[] {
    return this.records(release).filter(({ status }) => status.startsWith('pending-'));
  }

  release(name: string): StoredRelease | undefined {
    return this.#releases.get(name);
  }

  /** The objects of a release that are not being deleted. */
  objects(release: string): readonly StoredObject[] {
    return [...this.#objects.values()].filter((object) => object.release === release && !object.isTerminating);
  }

  /** Keys of everything that is there, with or without the objects of hooks, but for these. */
  keys({ withHooks, except = [] }: { readonly withHooks: boolean; readonly except?: readonly Live[] }): readonly string[] {
    const isMeant = ({ object }: StoredObject): boolean => (withHooks || object.metadata.annotations?.[HOOK_RUN] === undefined) && !except.some((one) => isSame(one, object));
    const objects = [...this.#objects].flatMap(([key, stored]) => (isMeant(stored) ? [key] : []));
    return [...this.#records.keys(), ...objects, ...this.#releases.keys()];
  }
}

const put = <T>(all: Map<string, T>, key: string, now: T | undefined): T | undefined => {
  const before = all.get(key);
  if (now === undefined) all.delete(key);
  else all.set(key, now);
  return before;
};

const nameIn = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
