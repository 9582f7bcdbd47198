import { createConnection } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.ts';
import { Answering, untilReply } from './answering.ts';
import type { Speaker, Wanted } from './conversation.ts';
import { BareError } from './failure.ts';
import { Fields, ProtocolError } from './fields.ts';
import { FrameSocket } from './frame-socket.ts';
import { encodeFrame, type Frame, REPLY_LIMIT, REQUEST_LIMIT } from './frames.ts';
import { answerMessage } from './messages.ts';
import type { FailedReply, Inquiry, Message, Reply } from './protocol.ts';
import { parseStep } from './reply.ts';
import { SOCKET_PROTOCOL } from './socket-protocol.ts';

/** How long the renderer may take, in milliseconds. */
export interface WireLimits {
  /** To accept a connection and say hello. */
  readonly helloMs: number;
  /** For a reply, answers to lookups not counted; more than a renderer needs for two tries. */
  readonly replyMs: number;
}

export interface WireOptions {
  readonly path: string;
  readonly limits: WireLimits;
  readonly clock: Clock;
  /** Charts that the renderer is believed to hold. */
  readonly charts: LRUCache<string, true>;
}

/** The renderer did not answer, or with what is no answer; `mayRepeat` when it may by now be another one that does. */
export class WireLost extends BareError {
  readonly mayRepeat: boolean;

  constructor(message: string, options: { readonly mayRepeat: boolean; readonly cause?: unknown }) {
    super('Unavailable', message, { cause: options.cause });
    this.mayRepeat = options.mayRepeat;
  }
}

interface Pending {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (reason: unknown) => void;
}

/** The operator's end of one connection to a renderer: its hello, then requests and replies in turn. What comes in is hostile. */
export class Wire implements Speaker {
  readonly #options: WireOptions;
  readonly #socket: FrameSocket;
  readonly #gone = Promise.withResolvers<string>();
  readonly #answering: Answering;
  #pending: Pending | undefined;
  /** A request waits for its reply. */
  #isAsked = false;
  /** Came before the answer to what was asked last. */
  #early: Frame | undefined;
  #version = '';
  #lastId = 0;
  #reason: unknown;
  #isOpen = true;

  /** Connects and waits for the hello. Rejects with WireLost, or the signal's reason. */
  static async open(options: WireOptions, signal: AbortSignal): Promise<Wire> {
    signal.throwIfAborted();
    const wire = new Wire(options);
    wire.#version = await wire.#receive(parseHello, options.limits.helloMs, signal);
    return wire;
  }

  private constructor(options: WireOptions) {
    this.#options = options;
    this.#answering = new Answering(options.clock);
    const listener = { onFrame: (frame: Frame) => this.#onFrame(frame), onGone: (why: string) => this.#onGone(why) };
    this.#socket = new FrameSocket(createConnection(options.path), REPLY_LIMIT, listener);
  }

  /** Version of the program at the other end. */
  get version(): string {
    return this.#version;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves to the reason when it is gone. */
  get gone(): Promise<string> {
    return this.#gone.promise;
  }

  holds(digest: string): boolean {
    return this.#options.charts.has(digest);
  }

  remember(digest: string): void {
    this.#options.charts.set(digest, true);
  }

  async exchange<K extends Reply['kind']>(message: Message, wanted: Wanted<K>, signal: AbortSignal): Promise<Extract<Reply, { kind: K }> | FailedReply> {
    signal.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    this.#send(id, message);
    const line = {
      next: (withinMs: number) => this.#receive((frame) => parseStep(frame, { id, ...wanted }), withinMs, signal),
      answer: (inquiry: Inquiry) => this.#answer(id, inquiry, signal),
    };
    this.#isAsked = true;
    try {
      return await untilReply(line, this.#options.limits.replyMs, this.#options.clock);
    } finally {
      this.#isAsked = false;
      if (this.#early !== undefined) this.#end(this.#unasked());
    }
  }

  close(): void {
    this.#end(new WireLost('the connection is closed', { mayRepeat: false }));
  }

  /** Gives it up, because the renderer does not speak any more; the request on it may be sent to the next one. */
  abandon(why: string): void {
    this.#end(new WireLost(why, { mayRepeat: true }));
  }

  #send(id: number, { header, attachment }: Message): void {
    this.#socket.send(encodeFrame({ id, ...header }, attachment, REQUEST_LIMIT));
  }

  /** Unless something else comes meanwhile: then the engine that asked is gone, and nobody waits for the answer. */
  async #answer(id: number, { number, question, lookUp }: Inquiry, signal: AbortSignal): Promise<void> {
    if (this.#early !== undefined) return;
    try {
      this.#send(id, answerMessage(number, await this.#answering.find(lookUp, question, signal)));
    } catch (error) {
      if (error !== OVERTAKEN) throw this.#end(error);
    }
  }

  async #receive<T>(parse: (frame: Frame) => T, limitMs: number, signal: AbortSignal): Promise<T> {
    const frame = await this.#nextFrame(limitMs, signal);
    try {
      return parse(frame);
    } catch (cause) {
      throw this.#end(new WireLost(`${this.#name} cannot be used: ${messageOf(cause)}`, { mayRepeat: false, cause }));
    }
  }

  async #nextFrame(limitMs: number, signal: AbortSignal): Promise<Frame> {
    if (!this.#isOpen) throw this.#reason;
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined) return early;
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    this.#pending = { resolve, reject };
    const cancel = this.#options.clock.after(limitMs, () =>
      this.#end(new WireLost(`${this.#name} said nothing for ${Math.ceil(limitMs)} ms: see whether the sidecar container hangs`, { mayRepeat: false })),
    );
    const onAbort = (): void => void this.#end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await promise;
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  get #name(): string {
    return `the renderer at ${this.#options.path}`;
  }

  #onFrame(frame: Frame): void {
    const pending = this.#take();
    if (pending !== undefined) {
      pending.resolve(frame);
    } else if (this.#isAsked && this.#early === undefined) {
      this.#early = frame;
      this.#answering.interrupt(OVERTAKEN);
    } else {
      this.#end(this.#unasked());
    }
  }

  #unasked(): WireLost {
    return new WireLost(`${this.#name} spoke without being asked`, { mayRepeat: false });
  }

  #onGone(why: string): void {
    this.#end(new WireLost(`${this.#name} does not answer: is the sidecar container running? (${why})`, { mayRepeat: true }));
    this.#gone.resolve(messageOf(this.#reason));
  }

  #end<T>(reason: T): T {
    this.#isOpen = false;
    this.#reason ??= reason;
    this.#take()?.reject(reason);
    this.#answering.interrupt(reason);
    this.#socket.destroy(messageOf(reason));
    return reason;
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

const OVERTAKEN = new Error('what was asked is not waited for any more');

/** Version of the renderer that serves at this path, which shows that it is alive. Rejects with WireLost. */
export const greet = async (path: string, limits: WireLimits, clock: Clock): Promise<string> => {
  const wire = await Wire.open({ path, limits, clock, charts: new LRUCache({ max: 1 }) }, new AbortController().signal);
  wire.close();
  return wire.version;
};

const parseHello = (frame: Frame): string => {
  const fields = new Fields(frame.header, 'its hello', frame.attachment);
  fields.oneOf('kind', ['hello']);
  const protocol = fields.integer('protocol');
  const version = fields.text('version');
  if (protocol === SOCKET_PROTOCOL) return version;
  throw new ProtocolError(`it is version ${JSON.stringify(version)} and speaks protocol ${protocol}, the operator protocol ${SOCKET_PROTOCOL}: run both from the same image`);
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
