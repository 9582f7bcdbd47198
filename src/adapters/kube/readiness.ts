import type { Clock } from '../../ports/clock.ts';
import { NotReady } from './exchange.ts';
import { pause, within } from './pause.ts';
import type { Outcome } from './retry.ts';

/** What came of asking an API server for `/readyz`. */
export type Answer =
  | { readonly kind: 'Ready' }
  | { readonly kind: 'Unready'; readonly message: string }
  /** It refuses to say: it has just started, or does not say it to us. */
  | { readonly kind: 'Untold'; readonly message: string };

const POLL_MS = 500;
/** As long as the start of an API server may take. */
const PATIENCE_MS = 15_000;
/** How long one that does not say whether it is ready is not asked again. */
const UNTOLD_MS = 600_000;

/**
 * Whether an API server is ready, by its own words. One that has just started knows neither who has which rights, so that it refuses everybody, nor
 * which CustomResourceDefinitions there are. At `/readyz` it says 403, then 500, then 200.
 */
export class Readiness {
  readonly #clock: Clock;
  #isTold = false;
  #untoldUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when the API server that `ask` asks for `/readyz` says that it is ready. Rejects with NotReady when it has not for a while; one that
   * has never said so to us, and refuses to, is believed then, and not asked again soon.
   */
  async wait(ask: (signal: AbortSignal) => Promise<Outcome>, signal: AbortSignal): Promise<void> {
    if (this.#clock.now() < this.#untoldUntil) return;
    for (const until = this.#clock.now() + PATIENCE_MS; ; await pause(this.#clock, POLL_MS, signal)) {
      const limit = { timeoutMs: until - this.#clock.now(), late: () => notReady('it does not answer') };
      const answer = answerIn(await within(this.#clock, limit, signal, ask));
      if (answer.kind === 'Ready') {
        this.#isTold = true;
        return;
      }
      if (this.#clock.now() + POLL_MS < until) continue;
      if (answer.kind === 'Unready' || this.#isTold) throw notReady(answer.message);
      this.#untoldUntil = this.#clock.now() + UNTOLD_MS;
      return;
    }
  }
}

/** Reads it; a server that has no such path is not one that could be unready. */
export const answerIn = (outcome: Outcome): Answer => {
  if (outcome.kind === 'NoReply') return { kind: 'Unready', message: outcome.error.message };
  const { status, body } = outcome.reply;
  if (status === 200 || status === 404) return { kind: 'Ready' };
  return { kind: status === 403 ? 'Untold' : 'Unready', message: failedChecks(body.toString('utf8')) || `it answers ${status}` };
};

const notReady = (why: string): NotReady => new NotReady(`the API server is not ready: ${why}`);

/** Of lines such as `[-]poststarthook/rbac/bootstrap-roles failed: reason withheld`. */
const failedChecks = (text: string): string =>
  text
    .split('\n')
    .flatMap((line) => /^\[-\](\S+)/.exec(line)?.[1] ?? [])
    .join(', ');
