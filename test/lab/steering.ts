import type { ApiCall, Verb } from './api-call.ts';

/** What becomes of a request. */
export type Fault =
  /** It is answered in the API server's place, which does not hear of it. */
  | { readonly kind: 'Answer'; readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The connection breaks; the API server does not hear of it. */
  | { readonly kind: 'Reset' }
  /** It is carried out, and the connection breaks before the answer. */
  | { readonly kind: 'DropAnswer' }
  /** It waits before it is passed on. */
  | { readonly kind: 'Delay'; readonly ms: number }
  /** A read is answered as the same one was the first time, whatever has changed since. */
  | { readonly kind: 'Stale' };

export interface Rule {
  readonly isMeant: (call: SeenCall) => boolean;
  /** Passes so many requests over that are meant. */
  readonly after?: number;
  /** Strikes so many; without an end where absent. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface SeenCall extends ApiCall {
  readonly verb: Verb;
}

/** A rule that is in force. */
export interface Steered {
  /** Requests that it has struck. */
  readonly strikes: () => number;
  lift(): void;
}

/** The rules of one proxy. The first that is meant has its way. */
export class Steering {
  readonly #rules = new Set<{ readonly rule: Rule; met: number; struck: number }>();

  add(rule: Rule): Steered {
    const one = { rule, met: 0, struck: 0 };
    this.#rules.add(one);
    return { strikes: () => one.struck, lift: () => this.#rules.delete(one) };
  }

  /** What becomes of this request; to be asked once for each. */
  faultOf(call: SeenCall): Fault | undefined {
    for (const one of this.#rules) {
      const { isMeant, after = 0, times = Number.POSITIVE_INFINITY, fault } = one.rule;
      if (one.struck >= times || !isMeant(call)) continue;
      one.met += 1;
      if (one.met <= after) continue;
      one.struck += 1;
      return fault;
    }
    return undefined;
  }
}
