import { calmMs, type Correction, nextCorrection, type NextCorrection } from '../../core/contest.ts';
import { type Drift, partsOf } from '../../core/drift.ts';

/** Corrections that this process has made, to know those that somebody takes back. Without it the next one is made at once. */
export class Contests {
  readonly #byKey = new Map<string, Map<string, Correction>>();

  /** When a drift may be corrected: that of its parts counts which was fought over most. */
  next(key: string, drift: Drift, now: number): NextCorrection {
    const all = partsOf(drift).map((part) => nextCorrection(this.#byKey.get(key)?.get(part), now));
    const afterMs = Math.max(0, ...all.map((one) => (one.kind === 'Later' ? one.afterMs : 0)));
    return afterMs > 0 ? { kind: 'Later', afterMs } : { kind: 'Now', returns: Math.max(0, ...all.map((one) => (one.kind === 'Now' ? one.returns : 0))) };
  }

  /** Remembers that it was corrected, or tried in vain; `returns` as `next` said. */
  corrected(key: string, drift: Drift, returns: number, now: number): void {
    const corrections = this.#byKey.get(key) ?? new Map<string, Correction>();
    this.#byKey.set(key, corrections);
    for (const [part, correction] of corrections) if (now - correction.at >= calmMs(correction)) corrections.delete(part);
    for (const part of partsOf(drift)) corrections.set(part, { at: now, returns });
  }

  /** How long until what was fought over counts as left alone; undefined where nothing is. */
  calmAfterMs(key: string, now: number): number | undefined {
    const fought = [...(this.#byKey.get(key)?.values() ?? [])].filter((correction) => correction.returns > 0 && now - correction.at < calmMs(correction));
    return fought.length === 0 ? undefined : Math.max(...fought.map((correction) => correction.at + calmMs(correction) - now));
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
