import type { Cause } from '../../core/cause.ts';
import type { Causes, Scrutiny, Laggard } from '../../ports/causes.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { Connection } from './connection.ts';
import { Inquiry } from './inquiry.ts';
import { within } from './pause.ts';
import { Reluctance } from './reluctance.ts';

/** What is found out about objects that are not ready, for as long as they are not. */
export class KubeCauses implements Causes {
  readonly #connection: Connection;
  readonly #changed: (releaseKey: string) => void;
  readonly #reluctance: Reluctance;
  /** By release, then by object; the one that was asked for last is the last. */
  readonly #inquiries = new Map<string, Map<string, Inquiry>>();
  #watches = 0;

  /** `changed` is called with the key of a release that is to be looked at again, and must not block. */
  constructor(connection: Connection, changed: (releaseKey: string) => void) {
    this.#connection = connection;
    this.#changed = changed;
    this.#reluctance = new Reluctance(connection.clock);
  }

  async of(releaseKey: string, laggard: Laggard, scrutiny: Scrutiny, signal: AbortSignal): Promise<Cause | undefined> {
    const inquiry = this.#inquiryInto(releaseKey, laggard);
    // One into another object, or into an earlier write, would wake a release that waits for nothing any more.
    if (!scrutiny.isWatched) this.#closeAll(releaseKey);
    const late = () => new ClusterError('Unavailable', 'what keeps an object from being ready was not found out in time');
    try {
      return await within(this.#connection.clock, { timeoutMs: PATIENCE_MS, late }, signal, (bounded) => inquiry.look(scrutiny, bounded));
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      this.#connection.logger.debug({ release: releaseKey, error: error.message }, 'what keeps an object from being ready is not known');
      return inquiry.cause;
    }
  }

  forget(releaseKey: string): void {
    this.#closeAll(releaseKey);
    this.#inquiries.delete(releaseKey);
  }

  #closeAll(releaseKey: string): void {
    for (const inquiry of this.#inquiries.get(releaseKey)?.values() ?? []) inquiry.close();
  }

  #inquiryInto(releaseKey: string, laggard: Laggard): Inquiry {
    const all = this.#inquiries.get(releaseKey) ?? new Map<string, Inquiry>();
    this.#inquiries.set(releaseKey, all);
    const key = `${laggard.uid} ${laggard.resourceVersion}`;
    const inquiry = all.get(key) ?? this.#newInquiry(releaseKey, laggard);
    all.delete(key);
    all.set(key, inquiry);
    for (const [old, other] of all) {
      if (all.size <= MOST_INQUIRIES) break;
      other.close();
      all.delete(old);
    }
    return inquiry;
  }

  #newInquiry(releaseKey: string, laggard: Laggard): Inquiry {
    const tools = {
      connection: this.#connection,
      reluctance: this.#reluctance,
      wake: () => this.#changed(releaseKey),
      mayWatch: () => {
        if (this.#watches >= MOST_WATCHES) return false;
        this.#watches += 1;
        return true;
      },
      watchEnded: () => {
        this.#watches -= 1;
      },
    };
    return new Inquiry(tools, laggard);
  }
}

const PATIENCE_MS = 2_000;
/** Objects of one release that are looked into at once. */
const MOST_INQUIRIES = 2;
/** Each is a stream that the API server holds open; who gets none looks again after a pause. */
const MOST_WATCHES = 100;
