import type { RegistryError } from '../../ports/registry.ts';
import { Slots } from './slots.ts';

const MAX_HOLD_MS = 15 * 60_000;
/** After a 429 that names no time. */
const DEFAULT_HOLD_MS = 30_000;
/** How soon to ask again whether the one look that probes has come back. */
const PROBE_WAIT_MS = 1000;
const LOOKS = 6;

/** A pass for one look. */
export interface Pass {
  readonly isProbe: boolean;
}

/**
 * What all looks at one registry have in common: a few at once, so that a dead registry does not take the places of the others,
 * and none while it asks to be left alone. After that time a single look probes; the rest waits for how it fares.
 */
export class OriginGate {
  readonly slots: Slots = new Slots(LOOKS);
  /** Tags of the registry that are followed. */
  tags = 0;
  #heldUntil: number | undefined;
  #isProbing = false;

  /** Milliseconds for which no look may go out; 0 when one may. */
  holdMs(now: number): number {
    if (this.#heldUntil === undefined) return 0;
    return Math.max(this.#heldUntil - now, this.#isProbing ? PROBE_WAIT_MS : 0);
  }

  /** Lets one look out; only when `holdMs` is 0. */
  enter(): Pass {
    const isProbe = this.#heldUntil !== undefined;
    if (isProbe) this.#isProbing = true;
    return { isProbe };
  }

  /** Takes back `enter` for a look that was given up. */
  abandon({ isProbe }: Pass): void {
    if (isProbe) this.#isProbing = false;
  }

  /** Takes note of how a look ended; `error` is undefined for a digest. */
  leave(pass: Pass, error: RegistryError | undefined, now: number): void {
    this.abandon(pass);
    const askedMs = error?.retryAfterMs ?? (error?.code === 'Throttled' ? DEFAULT_HOLD_MS : undefined);
    if (askedMs !== undefined) this.#heldUntil = Math.max(this.#heldUntil ?? 0, now + Math.min(askedMs, MAX_HOLD_MS));
    // Only the probe may end it: other looks that succeed were on their way before.
    else if (pass.isProbe) this.#heldUntil = undefined;
  }
}
