import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { WireLost, type Wire } from './wire.ts';

export interface LinkLimits {
  /** Between tries to connect, doubled from the first to the longest, in milliseconds. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long a request waits for a renderer that has gone away, in milliseconds after it went. */
  readonly patienceMs: number;
  /** Between looks whether a renderer that is there still speaks, in milliseconds: one that hangs keeps its connections. */
  readonly probeEveryMs: number;
}

export interface LinkOptions {
  readonly path: string;
  readonly limits: LinkLimits;
  readonly open: (signal: AbortSignal) => Promise<Wire>;
  readonly onDown: () => void;
  /** It has stopped speaking, so what is asked on other connections has no answer to come. */
  readonly onHang: (why: string) => void;
  /** It answers, after it was away for longer than requests wait. */
  readonly onBack: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

type State = { readonly kind: 'Up' } | { readonly kind: 'Down'; readonly why: string; readonly since: number };

/** Knows whether the renderer is there: holds one connection to it and makes it anew for as long as it takes. Logs each change once. */
export class Link {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<() => void>();
  #state: State;
  #wire: Wire | undefined;
  #life: Promise<void> = Promise.resolve();
  #isStarted = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#state = notYet(options);
  }

  get isUp(): boolean {
    return this.#state.kind === 'Up';
  }

  /** Its state in words. */
  describe(): string {
    return this.#state.kind === 'Up' ? `the renderer at ${this.#options.path} answers` : this.#state.why;
  }

  /** Begins to connect, if that was not done yet. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#state = notYet(this.#options);
    this.#life = this.#live(this.#closing.signal);
  }

  /** Resolves when the renderer is there. Rejects with WireLost when it has been away for too long, or the signal's reason. */
  async whenUp(signal: AbortSignal): Promise<void> {
    this.start();
    if (this.#state.kind === 'Up') return;
    const leftMs = this.#state.since + this.#options.limits.patienceMs - this.#options.clock.now();
    if (leftMs > 0) await this.#change(leftMs, signal);
    signal.throwIfAborted();
    if (!this.isUp) throw new WireLost(this.describe(), { mayRepeat: false });
  }

  /** Another connection to it failed for this reason: connects anew, since this one may only not have noticed yet. */
  doubt(why: string): void {
    if (!this.isUp) return;
    this.#wire?.close();
    this.#goDown(why);
  }

  async close(): Promise<void> {
    this.#closing.abort(new WireLost('the renderer is closed', { mayRepeat: false }));
    this.#wire?.close();
    await this.#life;
  }

  async #live(closing: AbortSignal): Promise<void> {
    for (let failures = 0; !closing.aborted; ) {
      const wire = await this.#connect(closing);
      failures = wire === undefined ? failures + 1 : 0;
      if (wire !== undefined) await this.#liveWith(wire);
      await this.#pause(failures, closing);
    }
  }

  async #connect(closing: AbortSignal): Promise<Wire | undefined> {
    try {
      return await this.#options.open(closing);
    } catch (error) {
      this.#goDown(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  async #liveWith(wire: Wire): Promise<void> {
    this.#wire = wire;
    this.#goUp(wire.version);
    const over = new AbortController();
    const probing = this.#probe(over.signal);
    const why = await wire.gone;
    over.abort();
    if (this.isUp) this.#goDown(why);
    await probing;
  }

  /** Greets the renderer from time to time, until it is gone or does not greet back. */
  async #probe(over: AbortSignal): Promise<void> {
    const { open, onHang, limits } = this.#options;
    for (let isSpeaking = true; isSpeaking; ) {
      await this.#sleep(limits.probeEveryMs, over, () => undefined);
      const silence = over.aborted ? undefined : await silenceOf(open, over);
      isSpeaking = silence === undefined && !over.aborted;
      if (silence === undefined || over.aborted) continue;
      this.doubt(silence);
      onHang(silence);
    }
  }

  #goUp(version: string): void {
    const { path, limits, clock, logger, onBack } = this.#options;
    const awayMs = this.#state.kind === 'Up' ? 0 : clock.now() - this.#state.since;
    this.#state = { kind: 'Up' };
    logger.info({ path, version, awayMs }, 'the renderer answers');
    this.#tell();
    if (awayMs > limits.patienceMs) onBack();
  }

  #goDown(why: string): void {
    if (this.#closing.signal.aborted) {
      this.#tell();
      return;
    }
    const isNews = this.#state.kind === 'Up' || this.#state.why !== why;
    const since = this.#state.kind === 'Up' ? this.#options.clock.now() : this.#state.since;
    this.#state = { kind: 'Down', why, since };
    if (!isNews) return;
    this.#options.onDown();
    this.#options.logger.warn({ path: this.#options.path, why }, 'the renderer does not answer');
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve();
  }

  async #pause(failures: number, closing: AbortSignal): Promise<void> {
    const { firstPauseMs, longestPauseMs } = this.#options.limits;
    await this.#sleep(Math.min(firstPauseMs * 2 ** Math.max(failures - 1, 0), longestPauseMs), closing, () => undefined);
  }

  async #change(atMostMs: number, signal: AbortSignal): Promise<void> {
    let told = (): void => undefined;
    const sleep = this.#sleep(atMostMs, signal, (resolve) => {
      told = resolve;
      this.#waiting.add(resolve);
    });
    await sleep;
    this.#waiting.delete(told);
  }

  async #sleep(forMs: number, signal: AbortSignal, expose: (wake: () => void) => void): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    expose(wake);
    const cancel = this.#options.clock.after(forMs, wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    cancel();
    signal.removeEventListener('abort', wake);
  }
}

/** Why the renderer does not greet, asked twice; undefined when it does. A loop of ours that stood still may miss one greeting. */
const silenceOf = async (open: LinkOptions['open'], signal: AbortSignal): Promise<string | undefined> =>
  (await missedGreeting(open, signal)) === undefined ? undefined : missedGreeting(open, signal);

const missedGreeting = async (open: LinkOptions['open'], signal: AbortSignal): Promise<string | undefined> => {
  try {
    (await open(signal)).close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const notYet = ({ path, clock }: LinkOptions): State => ({
  kind: 'Down',
  why: `the renderer at ${path} was not reached yet: is the sidecar container running?`,
  since: clock.now(),
});
