import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { RegistryError } from '../../ports/registry.ts';

const LEAST_HOLD_MS = 10_000;
const MAX_HOLD_MS = 5 * 60_000;
/** Longer no mirror is left alone, whatever it asks for. */
const MAX_ASKED_MS = 15 * 60_000;
const JITTER = 0.1;
/** For so long one request finds out for all whether a mirror is back. */
const PROBE_MS = 60_000;

interface Hold {
  readonly failures: number;
  readonly until: number;
  /** What came of the last request to it. */
  readonly came: string;
}

/** Mirrors that are down, each by its host: not every request shall pay for it. */
export class MirrorHolds {
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #holds = new Map<string, Hold>();

  constructor(clock: Clock, logger: Logger | undefined) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** What came of the last request to a mirror that is left alone; undefined where it may be asked. After its time one request probes. */
  held(mirror: string): string | undefined {
    const hold = this.#holds.get(mirror);
    if (hold === undefined) return undefined;
    const now = this.#clock.now();
    if (now < hold.until) return hold.came;
    this.#holds.set(mirror, { ...hold, until: now + PROBE_MS });
    return undefined;
  }

  /** Takes note of a failure; `came` says in words what it was. What a mirror lacks or refuses is no outage. */
  failed(mirror: string, { code, retryAfterMs }: RegistryError, came: string): void {
    if (code !== 'Unavailable' && code !== 'Throttled') {
      this.answered(mirror);
      return;
    }
    const failures = (this.#holds.get(mirror)?.failures ?? 0) + 1;
    if (failures === 1) this.#logger?.warn({ mirror }, `the mirror is passed over for now: ${came}`);
    this.#holds.set(mirror, { failures, until: this.#clock.now() + holdMs(failures, retryAfterMs, this.#clock.random()), came });
  }

  answered(mirror: string): void {
    if (this.#holds.delete(mirror)) this.#logger?.info({ mirror }, 'the mirror answers again');
  }
}

const holdMs = (failures: number, retryAfterMs: number | undefined, random: number): number => {
  const grown = Math.min(MAX_HOLD_MS, LEAST_HOLD_MS * 2 ** Math.min(failures - 1, 10));
  return Math.max(grown, Math.min(retryAfterMs ?? 0, MAX_ASKED_MS)) * (1 + JITTER * random);
};
