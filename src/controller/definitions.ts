/** How long nobody looks again: as long as an answer of discovery counts. */
const KNOWN_MS = 60_000;
/** How many charts are remembered; the oldest go first. */
const MOST = 1_000;

/**
 * Charts whose CustomResourceDefinitions were found, or brought, in order by this process lately: when a tag moves under many releases, one
 * of them reads the definitions, which are large.
 */
export class Definitions {
  readonly #at = new Map<string, number>();

  /** The definitions of this name and chart digest are in order now, in ms. */
  keep(chart: string, now: number): void {
    this.#at.delete(chart);
    this.#at.set(chart, now);
    const [oldest] = this.#at.keys();
    if (this.#at.size > MOST && oldest !== undefined) this.#at.delete(oldest);
  }

  /** Whether they were so a moment ago. */
  has(chart: string, now: number): boolean {
    const at = this.#at.get(chart);
    return at !== undefined && now - at < KNOWN_MS;
  }
}
