import type { Dispatcher } from 'undici';
import type { Connections, Pools } from '../../src/adapters/kube/pools.ts';
import type { Answer } from './api/answers.ts';
import { GONE, type Watch } from './api/watch.ts';
import type { ApiServer, Request } from './api/server.ts';
import type { Faults } from './faults.ts';
import type { Life, Timeline } from './timeline.ts';
import type { Uptime } from './uptime.ts';

/** What is between operators and the API server: everything takes its time, and some of it is lost. */
export interface NetworkOptions {
  readonly server: ApiServer;
  readonly uptime: Uptime;
  readonly timeline: Timeline;
  readonly faults: Faults;
  /** Told of every request that arrives, and of what is answered. */
  readonly arrived: (request: Request, answer: Answer, from: Life) => void;
}

const TLS = {};
const BOOKMARK_MS = 60_000;

type Handler = Dispatcher.DispatchHandler;

/** What undici is to a Transport, for one process. */
export const poolsFor = (options: NetworkOptions, life: Life): Pools => {
  const line = new Line(options, life);
  return { tls: TLS, requests: line, watches: line, lease: line, asides: [line] };
};

class Line implements Connections {
  readonly #options: NetworkOptions;
  readonly #life: Life;

  constructor(options: NetworkOptions, life: Life) {
    this.#options = options;
    this.#life = life;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    new Call(this.#options, this.#life, requestOf(options), handler).begin();
    return true;
  }

  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    return openWatch(this.#options, this.#life, requestOf(options), options.signal as AbortSignal); // the transport's own
  }

  async close(): Promise<void> {}

  async destroy(): Promise<void> {}
}

const requestOf = ({ method, path, headers, body }: Dispatcher.DispatchOptions): Request => ({
  method,
  path,
  headers: headers as Record<string, string>, // as the transport makes them
  body: typeof body === 'string' ? body : body === null || body === undefined ? '' : Buffer.from(body as Uint8Array).toString(),
});

/** One request on its way there and back. */
class Call {
  readonly #network: NetworkOptions;
  readonly #life: Life;
  readonly #request: Request;
  readonly #handler: Handler;
  /** Of the API server that the connection is to. */
  readonly #process: number;
  #isAborted = false;

  constructor(network: NetworkOptions, life: Life, request: Request, handler: Handler) {
    this.#network = network;
    this.#life = life;
    this.#request = request;
    this.#handler = handler;
    this.#process = network.uptime.process;
  }

  begin(): void {
    const { timeline, faults, uptime } = this.#network;
    const fault = uptime.isAway ? 'Refused' : faults.ofRequest(this.#request);
    if (fault !== 'Refused') this.#handler.onRequestStart?.(this.#controller, undefined);
    if (this.#isAborted) return; // it may not leave
    if (fault === 'Refused') this.#later(() => this.#fail('ECONNREFUSED'));
    else if (fault === 'LostBefore') this.#later(() => this.#fail('ECONNRESET'));
    // What was sent arrives whether its sender lives or not.
    else timeline.after(faults.latencyMs(), `arrives: ${this.#request.method} ${this.#request.path}`, () => this.#arrive(fault));
  }

  get #controller(): Dispatcher.DispatchController {
    const abort = (reason: Error) => {
      if (this.#isAborted) return;
      this.#isAborted = true;
      this.#handler.onResponseError?.(this.#controller, reason);
    };
    return { abort } as Dispatcher.DispatchController; // all that is used of it
  }

  #arrive(fault: ReturnType<Faults['ofRequest']>): void {
    const { server, arrived, uptime } = this.#network;
    if (this.#isCut) {
      this.#later(() => this.#fail('ECONNRESET'));
      return;
    }
    const early = typeof fault === 'object' ? fault : uptime.answer(this.#request);
    if (early !== undefined) {
      this.#reply(early);
      return;
    }
    const answer = server.answer(this.#request);
    arrived(this.#request, answer, this.#life);
    if (fault === 'LostAfter') this.#later(() => this.#fail('ECONNRESET'));
    else if (fault !== 'Silent') this.#reply(answer);
  }

  /** The API server that it was sent to is no more. */
  get #isCut(): boolean {
    return this.#network.uptime.process !== this.#process;
  }

  #reply({ status, headers, body }: Answer): void {
    this.#later(() => {
      if (this.#isCut) {
        this.#fail('ECONNRESET');
        return;
      }
      this.#handler.onResponseStart?.(this.#controller, status, headers);
      this.#handler.onResponseData?.(this.#controller, Buffer.from(body));
      this.#handler.onResponseEnd?.(this.#controller, {});
    });
  }

  #fail(code: string): void {
    this.#handler.onResponseError?.(this.#controller, new Error(code));
  }

  #later(run: () => void): void {
    const { timeline, faults } = this.#network;
    timeline.after(faults.latencyMs(), `answer: ${this.#request.method} ${this.#request.path}`, () => !this.#isAborted && run(), this.#life);
  }
}

/** Opens a watch; its events come late, but in order, until it is cut. */
const openWatch = (network: NetworkOptions, life: Life, request: Request, signal: AbortSignal): Promise<Dispatcher.ResponseData> =>
  new Promise((resolve, reject) => {
    const { timeline, faults, uptime } = network;
    const [fault, what] = [uptime.isAway ? 'Refused' : faults.ofWatch(), `watch ${request.path.split('?')[0]}`];
    if (fault === 'Refused') timeline.after(faults.latencyMs(), `refused: ${what}`, () => reject(new Error('ECONNREFUSED')), life);
    else
      timeline.after(
        faults.latencyMs(),
        `opened: ${what}`,
        () => {
          if (signal.aborted) return reject(signal.reason);
          if (uptime.isAway) return reject(new Error('ECONNRESET'));
          const early = uptime.answer(request);
          if (early !== undefined) return resolve({ statusCode: early.status, headers: early.headers, body: bytesOf(early.body) } as unknown as Dispatcher.ResponseData); // all that is used of it
          const stream = new Stream(network, life, what);
          signal.addEventListener('abort', () => stream.break(signal.reason), { once: true });
          stream.play(fault === 'Gone' ? undefined : network.server.watch(request), Number(new URLSearchParams(request.path.split('?')[1]).get('timeoutSeconds')));
          resolve({ statusCode: 200, headers: {}, body: stream.read() } as unknown as Dispatcher.ResponseData); // all that is used of it
        },
        life,
      );
  });

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

/** The end of a stream, in good order. */
const END = '';

/** The bytes of one watch. */
class Stream {
  readonly #network: NetworkOptions;
  readonly #life: Life;
  readonly #what: string;
  /** On their way, and there. */
  readonly #sent: string[] = [];
  readonly #received: string[] = [];
  #lastAt = 0;
  #broken: Error | undefined;
  #isOver = false;
  #wake: () => void = () => undefined;
  #stop: () => void = () => undefined;

  constructor(network: NetworkOptions, life: Life, what: string) {
    this.#network = network;
    this.#life = life;
    this.#what = what;
  }

  /** Sends what a watch tells; where there is none, that its past is forgotten. */
  play(watch: Watch | undefined, seconds: number): void {
    const { timeline, faults } = this.#network;
    const stop = watch?.start((line) => this.#send(line));
    if (watch === undefined || stop === undefined) {
      // The API server says so, and ends the watch.
      this.#over();
      this.#send(GONE);
      this.#send(END);
      return;
    }
    const stay = this.#network.uptime.whenLost(() => {
      this.#over();
      timeline.after(0, `lost: ${this.#what}`, () => this.break(new Error('ECONNRESET')), this.#life);
    });
    this.#stop = () => {
      stop();
      stay();
    };
    const bookmark = (): void => {
      if (this.#isOver) return;
      this.#send(watch.bookmark());
      timeline.after(BOOKMARK_MS, `bookmark: ${this.#what}`, bookmark, this.#life);
    };
    timeline.after(BOOKMARK_MS, `bookmark: ${this.#what}`, bookmark, this.#life);
    timeline.after(Math.min(seconds * 1000, faults.watchLifeMs()), `ended: ${this.#what}`, () => this.#end(), this.#life);
  }

  /** Nothing more comes of it. */
  break(error: Error): void {
    this.#over();
    this.#broken = error;
    this.#wake();
  }

  async *read(): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.#received.length === 0 && this.#broken === undefined)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      if (this.#broken !== undefined) throw this.#broken;
      const text = this.#received.shift() ?? END;
      if (text === END) return;
      yield Buffer.from(text);
    }
  }

  #end(): void {
    if (this.#isOver) return;
    this.#over();
    const end = this.#network.faults.endOfWatch();
    if (end === 'Broken') this.break(new Error('ECONNRESET'));
    if (end === 'WithinALine') this.#send('{"type":"MODIFIED","obj');
    if (end !== 'Broken') this.#send(END);
  }

  #over(): void {
    this.#isOver = true;
    this.#stop();
  }

  /** No piece overtakes the one before it. */
  #send(text: string): void {
    if (this.#life.isOver) {
      this.#over();
      return;
    }
    const { timeline, faults } = this.#network;
    this.#lastAt = Math.max(this.#lastAt, timeline.now + faults.eventLatencyMs());
    this.#sent.push(text);
    timeline.after(this.#lastAt - timeline.now, `event: ${this.#what}`, () => this.#receive(), this.#life);
  }

  #receive(): void {
    const text = this.#sent.shift();
    if (text !== undefined) this.#received.push(text);
    this.#wake();
  }
}
