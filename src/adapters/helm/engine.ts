import { LRUCache } from 'lru-cache';
import type { Breach } from '../../core/quarantine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { Answering, untilReply } from './answering.ts';
import { Child, type End, type Launch } from './child.ts';
import type { Speaker, Wanted } from './conversation.ts';
import { BareError } from './failure.ts';
import { encodeFrame, type Frame, REQUEST_LIMIT } from './frames.ts';
import { answerMessage } from './messages.ts';
import type { FailedReply, Inquiry, Message, Reply } from './protocol.ts';
import { parseReady, parseStep } from './reply.ts';
import { residentBytes, watchResident } from './resident.ts';

/** What an engine may take, times in milliseconds. */
export interface EngineLimits {
  /** From its start to its first frame. */
  readonly readyMs: number;
  /** For one reply, the time it takes to send the request included. */
  readonly replyMs: number;
  /** For the answers to all that it asks on the way to a reply. */
  readonly answersMs: number;
  /** From the end of its stdin to its own end, before it is killed. */
  readonly closeMs: number;
  /** Resident memory over that at rest while it answers, in bytes; looked at on Linux only. */
  readonly memoryBytes: number;
}

export interface EngineOptions {
  readonly launch: Launch;
  readonly limits: EngineLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An engine ended, or had to be, with a request or a start unanswered. */
export class EngineLost extends BareError {
  /** The limit that the request broke; undefined when that is the engine's own fault. */
  readonly breach: Breach | undefined;

  constructor(message: string, options: { readonly breach?: Breach; readonly cause?: unknown } = {}) {
    super('Unavailable', message, { cause: options.cause });
    this.breach = options.breach;
  }
}

interface Deadline {
  readonly afterMs: number;
  readonly late: EngineLost;
}

interface Pending {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (reason: unknown) => void;
}

// What the engine exits with when it found itself too large (helm-engine/PROTOCOL.md).
const TOO_LARGE = 137;

// More charts than an engine keeps; a belief that is wrong costs one round trip.
const BELIEFS = 256;

/** One engine: a child that answers one request at a time and cannot be interrupted but by killing it. */
export class Engine implements Speaker {
  readonly #child: Child;
  readonly #limits: EngineLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #charts = new LRUCache<string, true>({ max: BELIEFS });
  readonly #gone = Promise.withResolvers<void>();
  readonly #answering: Answering;
  #pending: Pending | undefined;
  #lastId = 0;
  #restBytes = 0;
  #reason: unknown;
  #isUsable = true;
  #isClosing = false;

  /** Starts one and waits until it is ready. Rejects with EngineLost, or the signal's reason, when it has ended again. */
  static async start(options: EngineOptions, signal: AbortSignal): Promise<Engine> {
    signal.throwIfAborted();
    const engine = new Engine(options);
    try {
      const { helm } = await engine.#receive(parseReady, engine.#startsIn(options.limits.readyMs), signal);
      engine.#restBytes = (await residentBytes(engine.#child.pid ?? 0)) ?? 0;
      engine.#logger.info({ helm }, 'helm engine is ready');
      return engine;
    } catch (error) {
      await engine.#gone.promise;
      throw error;
    }
  }

  private constructor({ launch, limits, clock, logger }: EngineOptions) {
    this.#limits = limits;
    this.#clock = clock;
    this.#answering = new Answering(clock);
    this.#child = new Child(
      launch,
      {
        onFrame: (frame) => this.#onFrame(frame),
        onLine: (line) => this.#logger.debug({ line }, 'helm engine says'),
        onGone: (end) => this.#onGone(end),
      },
      clock,
    );
    this.#logger = logger.with({ pid: this.#child.pid });
  }

  /** Resolves when it has ended. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** False from the moment it is being ended, or has. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** All the time that it ever waited for answers. */
  get waitedMs(): number {
    return this.#answering.spentMs;
  }

  /** Whether it is believed to hold the chart; it forgets without saying so. */
  holds(digest: string): boolean {
    return this.#charts.has(digest);
  }

  /** Notes that it was given the chart. */
  remember(digest: string): void {
    this.#charts.set(digest, true);
  }

  /**
   * Sends a request and gives its checked reply, of the given kinds or `failed`. Rejects with FrameError where the
   * request is too large, EngineLost, or the signal's reason; after the last two the engine has been killed.
   */
  async exchange<K extends Reply['kind']>(message: Message, wanted: Wanted<K>, signal: AbortSignal): Promise<Extract<Reply, { kind: K }> | FailedReply> {
    signal.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    this.#send(id, message);
    const stopWatching = this.#watchMemory();
    const answersUntilMs = this.waitedMs + this.#limits.answersMs;
    const line = {
      next: (withinMs: number) => this.#receive((frame) => parseStep(frame, { id, ...wanted }), this.#answersIn(withinMs), signal),
      answer: (inquiry: Inquiry) => this.#answer(id, inquiry, answersUntilMs - this.waitedMs, signal),
    };
    try {
      return await untilReply(line, this.#limits.replyMs, this.#clock);
    } finally {
      stopWatching();
    }
  }

  /** Kills it; what it is at, or is asked next, rejects with the reason. */
  stop(reason: unknown): void {
    this.#kill(reason);
  }

  /** Lets it answer what it is at, and ends it. */
  async close(): Promise<void> {
    this.#isUsable = false;
    this.#isClosing = true;
    this.#child.end();
    const cancel = this.#clock.after(this.#limits.closeMs, () => this.#child.kill('did not end by itself'));
    await this.#gone.promise;
    cancel();
  }

  #send(id: number, { header, attachment }: Message): void {
    this.#child.send(encodeFrame({ id, ...header }, attachment, REQUEST_LIMIT));
  }

  /** It waits in the middle of a template, so without an answer it is of no more use. */
  async #answer(id: number, { number, question, lookUp }: Inquiry, withinMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isUsable) throw this.#lost();
    const { answersMs } = this.#limits;
    const late = new EngineLost(`the answers to what its templates look up took longer than ${answersMs} ms`);
    const cancel = this.#clock.after(withinMs, () => this.#kill(late));
    try {
      this.#send(id, answerMessage(number, await this.#answering.find(lookUp, question, signal)));
    } catch (error) {
      this.#kill(error);
      throw error;
    } finally {
      cancel();
    }
  }

  #startsIn(afterMs: number): Deadline {
    return { afterMs, late: new EngineLost(`the engine said nothing for ${afterMs} ms`) };
  }

  #answersIn(afterMs: number): Deadline {
    return { afterMs, late: new EngineLost(`it took longer than the ${this.#limits.replyMs} ms that a render may take`, { breach: 'Time' }) };
  }

  #watchMemory(): () => void {
    const { memoryBytes } = this.#limits;
    return watchResident(this.#child.pid ?? 0, this.#restBytes + memoryBytes, this.#clock, (bytes) => {
      const growth = `${mebibytes(bytes - this.#restBytes)} MiB of memory, and a render may take ${mebibytes(memoryBytes)} MiB`;
      this.#kill(new EngineLost(`the engine grew by ${growth}`, { breach: 'Memory' }));
    });
  }

  async #receive<T>(parse: (frame: Frame) => T, deadline: Deadline, signal: AbortSignal): Promise<T> {
    const frame = await this.#nextFrame(deadline, signal);
    try {
      return parse(frame);
    } catch (cause) {
      const lost = new EngineLost(`the engine broke the protocol: ${messageOf(cause)}`, { cause });
      this.#kill(lost);
      throw lost;
    }
  }

  async #nextFrame({ afterMs, late }: Deadline, signal: AbortSignal): Promise<Frame> {
    if (!this.#isUsable) throw this.#lost();
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    this.#pending = { resolve, reject };
    const cancel = this.#clock.after(afterMs, () => this.#kill(late));
    const onAbort = (): void => this.#kill(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await promise;
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  #onFrame(frame: Frame): void {
    const pending = this.#take();
    if (pending === undefined) this.#kill(new EngineLost('the engine spoke without being asked'));
    else pending.resolve(frame);
  }

  #lost(): unknown {
    return this.#reason ?? new EngineLost('the engine has ended');
  }

  #kill(reason: unknown): void {
    this.#isUsable = false;
    this.#reason ??= reason;
    this.#take()?.reject(reason);
    this.#answering.interrupt(reason);
    this.#child.kill(messageOf(reason));
  }

  #onGone(end: End): void {
    const { why, lastLines } = end;
    this.#isUsable = false;
    const lost = new EngineLost(`the engine is gone: ${why}`, breachOf(end));
    this.#take()?.reject(lost);
    this.#answering.interrupt(lost);
    if (!this.#isClosing) this.#logger.warn({ why, lastLines }, 'helm engine is gone');
    this.#gone.resolve();
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// One that is killed while a request waits has sent what is no frame, and no chart makes an engine do that.
const breachOf = ({ code, wasKilled }: End): { readonly breach?: Breach } => (wasKilled ? {} : { breach: code === TOO_LARGE ? 'Memory' : 'Crash' });

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
