import { LRUCache } from 'lru-cache';
import { type Conduct, judge, type Verdict } from '../../core/quarantine.ts';

/** What is asked for, as far as it is remembered. */
export interface Request {
  /** The same for the same chart, values and release; different for any other. */
  readonly key: string;
  /** Chart that it is about, where there is one. */
  readonly digest?: string | undefined;
}

interface Offence {
  readonly breaches: number;
  readonly what: string;
}

// What is forgotten gets its chance again; that is two renders on the lane for suspects.
const OFFENCES = 4096;
const CHARTS = 1024;

/** Remembers, within bounds and for as long as this program runs, who broke limits and which charts are known to render. */
export class Quarantine {
  readonly #offences = new LRUCache<string, Offence>({ max: OFFENCES });
  readonly #charts = new LRUCache<string, Exclude<Conduct['chart'], 'Unknown'>>({ max: CHARTS });

  verdictOn({ key, digest }: Request): Verdict {
    return judge({ breaches: this.#offences.get(key)?.breaches ?? 0, chart: this.#chart(digest) });
  }

  isProven({ digest }: Request): boolean {
    return this.#chart(digest) === 'Proven';
  }

  /** The last limit that it broke, in words; empty where it kept to them. */
  offenceOf({ key }: Request): string {
    return this.#offences.get(key)?.what ?? '';
  }

  noteAnswer({ key, digest }: Request): void {
    this.#offences.delete(key);
    if (digest !== undefined) this.#charts.set(digest, 'Proven');
  }

  /** It was slow where others waited, or worse. */
  noteSuspicion({ digest }: Request): void {
    if (digest !== undefined && !this.#charts.has(digest)) this.#charts.set(digest, 'Suspect');
  }

  /** `what` names the limit. */
  noteBreach(request: Request, what: string): void {
    this.noteSuspicion(request);
    this.#offences.set(request.key, { breaches: (this.#offences.get(request.key)?.breaches ?? 0) + 1, what });
  }

  #chart(digest: string | undefined): Conduct['chart'] {
    return (digest === undefined ? undefined : this.#charts.get(digest)) ?? 'Unknown';
  }
}
