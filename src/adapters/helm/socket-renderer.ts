import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Rendered, type RenderedObject, RenderError, type Renderer, type RenderRequest, type Stamp } from '../../ports/renderer.ts';
import { namedRead, namedRender, readOn, renderOn } from './conversation.ts';
import { Gate } from './gate.ts';
import { Link, type LinkLimits } from './link.ts';
import { Wire, type WireLimits, WireLost } from './wire.ts';

export type SocketLimits = LinkLimits & WireLimits;

export const SOCKET_LIMITS: SocketLimits = {
  helloMs: 2_000,
  // A renderer gives every request its answer within two tries of 20 s and some waiting; this is for one that hangs.
  replyMs: 60_000,
  firstPauseMs: 50,
  longestPauseMs: 1_000,
  patienceMs: 2_000,
  probeEveryMs: 5_000,
};

export interface SocketRendererOptions {
  /** Path of the renderer's Unix socket. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the renderer is there again, after it was away for so long that requests have failed for it. */
  readonly onBack?: () => void;
  readonly limits?: Partial<SocketLimits>;
}

// As many charts are believed to be there; a belief that is wrong costs one round trip.
const BELIEFS = 256;

// Requests at once, each on a connection of its own: less than a renderer accepts. And connections kept for the next requests.
const WIRES = 64;
const IDLE_WIRES = 16;

/**
 * Has a renderer at the other end of a Unix socket do the work (main/renderer.ts). While it is away requests wait 2 s for it
 * and then fail as Unavailable; a request whose connection breaks, or whose renderer no longer greets, is sent once more.
 * Aborted calls reject with the signal's reason, and the other side gives the work up.
 */
export class SocketRenderer implements Renderer {
  readonly #charts = new LRUCache<string, true>({ max: BELIEFS });
  readonly #link: Link;
  readonly #open: (signal: AbortSignal) => Promise<Wire>;
  readonly #closing = new AbortController();
  readonly #gate = new Gate(WIRES);
  readonly #busy = new Set<Wire>();
  #idle: readonly Wire[] = [];

  constructor({ path, clock, logger, onBack = () => undefined, limits }: SocketRendererOptions) {
    const all = { ...SOCKET_LIMITS, ...limits };
    this.#open = (signal) => Wire.open({ path, limits: all, clock, charts: this.#charts }, signal);
    this.#link = new Link({ path, limits: all, open: this.#open, onDown: () => this.#forget(), onHang: (why) => this.#abandon(why), onBack, clock, logger });
  }

  /** Whether the renderer is there. */
  get isUp(): boolean {
    return this.#link.isUp;
  }

  /** Its state in words. */
  describe(): string {
    return this.#link.describe();
  }

  /** Connects before there is work. */
  warmUp(): void {
    this.#link.start();
  }

  async render(request: RenderRequest, signal: AbortSignal): Promise<Rendered> {
    const { digest, files } = request.chart;
    if (files.length === 0) throw new RenderError('ChartInvalid', `cannot render ${digest}: the chart has no files`);
    return await namedRender(digest, () => this.#ask((wire) => renderOn(wire, request, signal), signal));
  }

  async read(manifest: string, stamp: Stamp, signal: AbortSignal): Promise<readonly RenderedObject[]> {
    return await namedRead(() => this.#ask((wire) => readOn(wire, manifest, stamp, signal), signal));
  }

  /** Closes all connections; calls that still wait are rejected as `Unavailable`. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#forget();
    await this.#link.close();
  }

  async #ask<T>(talk: (wire: Wire) => Promise<T>, signal: AbortSignal): Promise<T> {
    const leave = await this.#gate.enter(signal);
    try {
      return await this.#askTwice(talk, signal);
    } finally {
      leave();
    }
  }

  async #askTwice<T>(talk: (wire: Wire) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#askOnce(talk, signal);
    } catch (error) {
      if (!(error instanceof WireLost)) throw error;
      this.#link.doubt(error.message);
      if (!error.mayRepeat || this.#closing.signal.aborted) throw error;
      return await this.#askOnce(talk, signal);
    }
  }

  async #askOnce<T>(talk: (wire: Wire) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#closing.signal.aborted) throw new WireLost('the renderer is closed', { mayRepeat: false });
    await this.#link.whenUp(signal);
    const wire = this.#takeIdle() ?? (await this.#open(signal));
    const onClose = (): void => wire.close();
    this.#closing.signal.addEventListener('abort', onClose, { once: true });
    this.#busy.add(wire);
    try {
      return await talk(wire);
    } finally {
      this.#busy.delete(wire);
      this.#closing.signal.removeEventListener('abort', onClose);
      this.#keep(wire);
    }
  }

  #takeIdle(): Wire | undefined {
    const [wire, ...rest] = this.#idle.filter(({ isOpen }) => isOpen);
    this.#idle = rest;
    return wire;
  }

  // A wire whose request was aborted or lost is closed by then.
  #keep(wire: Wire): void {
    if (wire.isOpen && this.#idle.length < IDLE_WIRES && !this.#closing.signal.aborted) this.#idle = [...this.#idle, wire];
    else wire.close();
  }

  #abandon(why: string): void {
    for (const wire of this.#busy) wire.abandon(why);
  }

  /** The renderer that comes next knows nothing. */
  #forget(): void {
    this.#charts.clear();
    for (const wire of this.#idle) wire.close();
    this.#idle = [];
  }
}
