import type { Reason } from '../../api/reasons.ts';
import type { Evidence } from '../../core/evidence.ts';
import type { Outcome } from '../../core/status.ts';
import { Turns } from '../../core/turns.ts';

export interface SlotsOptions {
  /** How many releases may roll at once. */
  readonly most: number;
  /** Whether there is a ChartRelease with this key, which is not about to go. */
  readonly isThere: (key: string) => boolean;
  readonly wake: (key: string) => void;
}

/**
 * Bounds how many releases roll at once: have a revision open or to be undone, by the word of their records, or are about to open one.
 * The rest wait, and are woken when it is their turn. Nothing has to be given back for a revision that ends: its record says so. Only what
 * a run may be about to write is remembered, and that no longer than the run.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #turns = new Turns();
  readonly #waitingSince = new Map<string, number>();
  /** Keys of releases that roll by the word of their records, and of how many Helm releases. */
  readonly #open = new Map<string, number>();
  /** Releases that were let go: until the end of the next run, when their records tell. */
  readonly #let = new Set<string>();
  /** Those of them that stand still until somebody does something: nobody else has to wait for that. */
  readonly #stuck = new Set<string>();
  /** Releases that are worked on; true where one was told to wait. */
  readonly #active = new Map<string, boolean>();

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** How many releases roll, or are about to. */
  get rolling(): number {
    let rolling = this.#let.size;
    for (const key of this.#open.keys()) if (!this.#let.has(key) && this.rolls(key)) rolling += 1;
    return rolling;
  }

  /** Whether the release has an open revision, or one to be undone, and does not stand still. */
  rolls(key: string): boolean {
    return this.#open.has(key) && !this.#stuck.has(key) && this.#options.isThere(key);
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waitingSince.size;
  }

  /** The records of a Helm release say this now, and said that before. */
  changed(before: Evidence | undefined, now: Evidence | undefined): void {
    if (before?.isRolling === now?.isRolling && before?.key === now?.key) return;
    if (before?.isRolling === true) this.#count(before.key, -1);
    if (now?.isRolling === true) this.#count(now.key, 1);
    this.#letGo();
  }

  /** A run of the release begins; `end` must be called at its end, however it ends. */
  begin(key: string): void {
    this.#active.set(key, false);
  }

  /**
   * Asks, in a run, for a slot to open a revision at that time, in ms. Returns undefined where there is one, else since when the release
   * waits: it is woken as soon as it is its turn. Who rolls already has one.
   */
  take(key: string, now: number): { readonly waitingSince: number } | undefined {
    // What it has open may be closed before the next is opened: the slot is its own until the run ends.
    if (this.#open.has(key) && !this.#stuck.has(key)) this.#let.add(key);
    if (this.#let.has(key)) return undefined;
    const waitingSince = this.#waitingSince.get(key) ?? now;
    this.#turns.join(key);
    this.#waitingSince.set(key, waitingSince);
    this.#letGo(key);
    if (this.#let.has(key)) return undefined;
    this.#active.set(key, true);
    return { waitingSince };
  }

  /** A run has ended so, or, without an outcome, with the release gone or an error. */
  end(key: string, outcome: Pick<Outcome, 'reason' | 'lookAgainAfterMs'> | undefined): void {
    if (this.#active.get(key) !== true) this.#leave(key);
    this.#active.delete(key);
    this.#let.delete(key);
    if (outcome !== undefined && this.#open.has(key) && !goesOn(outcome)) this.#stuck.add(key);
    else this.#stuck.delete(key);
    this.#letGo();
  }

  /** Lets go as many as there are free slots: by turns, and nobody whose present run may have passed this point already, but the one that asks. */
  #letGo(asking?: string): void {
    if (this.#waitingSince.size === 0) return;
    for (let free = this.#options.most - this.rolling; free > 0; free -= 1) {
      const key = this.#turns.next((one) => one === asking || !this.#active.has(one));
      if (key === undefined) return;
      this.#waitingSince.delete(key);
      this.#let.add(key);
      if (key !== asking) this.#options.wake(key);
    }
  }

  #leave(key: string): void {
    this.#turns.leave(key);
    this.#waitingSince.delete(key);
  }

  #count(key: string, by: 1 | -1): void {
    const count = (this.#open.get(key) ?? 0) + by;
    if (count > 0) this.#open.set(key, count);
    else this.#open.delete(key);
  }
}

/** Whether a release that rolls moves by itself, at once, or as soon as everybody's do. */
const goesOn = ({ reason, lookAgainAfterMs }: Parameters<Slots['end']>[1] & object): boolean => lookAgainAfterMs === 0 || MOVING.includes(reason);

const MOVING: readonly Reason[] = ['Progressing', 'ClusterUnavailable', 'RendererUnavailable'];
