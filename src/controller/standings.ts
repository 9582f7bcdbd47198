import { LRUCache } from 'lru-cache';
import { isSameRecord, type RecordHead, type ReleaseAddress } from '../core/record.ts';
import type { Standing } from '../core/standing.ts';

/** How many objects of releases are remembered; the releases that were deployed longest ago go first. */
const MOST_OBJECTS = 50_000;

/**
 * What this process applied last of each release, once it is deployed: the next revision neither reads it back from its record nor
 * sends again what has not changed. A release is forgotten as soon as anything of it is applied again, and with the process: then the
 * record is read, and everything is sent.
 */
export class Standings {
  readonly #byKey = new LRUCache<string, Standing>({ maxSize: MOST_OBJECTS, sizeCalculation: ({ objects }) => objects.length + 1 });

  /** What is known of this very record, if it is what was applied last. */
  of(key: string, address: ReleaseAddress, record: RecordHead): Standing | undefined {
    const standing = this.#byKey.get(key);
    return standing !== undefined && isSameRecord(standing, { address, record }) ? standing : undefined;
  }

  keep(key: string, standing: Standing): void {
    this.#byKey.set(key, standing);
  }

  /** What is known of the release, whichever revision it is of, for the last time. */
  take(key: string): Standing | undefined {
    const standing = this.#byKey.get(key);
    this.#byKey.delete(key);
    return standing;
  }
}
