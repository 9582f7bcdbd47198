import type { Clock } from '../../ports/clock.ts';
import { ClusterError } from '../../ports/cluster.ts';

/** Keeps from asking again what was refused, or not answered, a short while ago: for a thousand releases it is the same. */
export class Reluctance {
  readonly #clock: Clock;
  readonly #troubles = new Map<string, { readonly error: ClusterError; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What `ask` resolves to; rejects without asking with the ClusterError that it rejected with before, for as long as that counts. `what` is what is asked for, and where. */
  async try<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const trouble = this.#troubles.get(what);
    if (trouble !== undefined && this.#clock.now() < trouble.until) throw trouble.error;
    this.#troubles.delete(what);
    try {
      return await ask();
    } catch (error) {
      const pauseMs = error instanceof ClusterError ? PAUSES_MS[error.code] : undefined;
      if (pauseMs !== undefined && error instanceof ClusterError) this.#troubles.set(what, { error, until: this.#clock.now() + pauseMs });
      throw error;
    }
  }

  /** The same, with an empty list in place of a ClusterError. */
  async orNothing<T>(what: string, ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
    try {
      return await this.try(what, ask);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      return [];
    }
  }
}

/** Rights change seldom; who does not answer may do so soon. */
const PAUSES_MS: Partial<Record<ClusterError['code'], number>> = { Forbidden: 600_000, Unavailable: 10_000 };
