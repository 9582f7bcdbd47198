import type { Random } from '../seeded.ts';

/** Something that is going to happen. */
interface Happening {
  readonly at: number;
  /** Decides between those of one moment. */
  readonly lot: number;
  readonly number: number;
  readonly what: string;
  readonly life: Life | undefined;
  readonly run: () => void;
  isTakenBack: boolean;
}

/** Whoever is alive, or was: what is to happen to the dead does not happen. */
export interface Life {
  readonly isOver: boolean;
  /** Stopped until then: what is to happen to it before happens only then. */
  readonly sleepsUntil: number;
}

/**
 * Time that passes from one happening to the next: answers, events of watches, timers, deeds of people. What falls on the same moment
 * happens in an order drawn by lot. Nothing else moves a simulation.
 */
export class Timeline {
  readonly #random: Random;
  readonly #heap: Happening[] = [];
  #now: number;
  #count = 0;

  constructor(startMs: number, random: Random) {
    this.#now = startMs;
    this.#random = random;
  }

  get now(): number {
    return this.#now;
  }

  /** When the next one happens; undefined where nothing is going to. */
  get nextAt(): number | undefined {
    this.#skip();
    return this.#heap[0]?.at;
  }

  /** Has something happen after so many milliseconds; the returned function takes it back. */
  after(delayMs: number, what: string, run: () => void, life?: Life): () => void {
    const happening: Happening = { at: this.#now + Math.ceil(Math.max(0, delayMs)), lot: this.#random(), number: this.#count, what, life, run, isTakenBack: false };
    this.#count += 1;
    this.#push(happening);
    return () => {
      happening.isTakenBack = true;
    };
  }

  /** Lets the next one happen; returns what it was, or undefined where there is nothing until then, which is now. */
  step(untilMs: number): string | undefined {
    this.#skip();
    const [next] = this.#heap;
    if (next === undefined || next.at > untilMs) {
      this.#now = Math.max(this.#now, untilMs);
      return undefined;
    }
    this.#pop();
    this.#now = next.at;
    if (next.life !== undefined && next.life.sleepsUntil > next.at) return this.#postpone(next, next.life.sleepsUntil);
    next.run();
    return next.what;
  }

  #postpone(happening: Happening, at: number): string {
    const later = { ...happening, at };
    // Whoever takes it back has the first one in his hands.
    Object.defineProperty(later, 'isTakenBack', { get: () => happening.isTakenBack });
    this.#push(later);
    return `${happening.what}, put off`;
  }

  #skip(): void {
    for (let next = this.#heap[0]; next !== undefined && (next.isTakenBack || next.life?.isOver === true); next = this.#heap[0]) this.#pop();
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let at = heap.push(happening) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(happening, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const isRight = other !== undefined && isBefore(other, one);
      const child = isRight ? other : one;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = isRight ? left + 1 : left;
    }
    heap[at] = last;
  }
}

const isBefore = (one: Happening, other: Happening): boolean => (one.at !== other.at ? one.at < other.at : one.lot !== other.lot ? one.lot < other.lot : one.number < other.number);
