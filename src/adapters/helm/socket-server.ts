import { createServer, type Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../../ports/logger.ts';
import type { Chart } from '../../ports/registry.ts';
import type { Renderer } from '../../ports/renderer.ts';
import { type Answer, CHART_NEEDED, failedAnswer, readAnswer, renderedAnswer } from './answer.ts';
import { ProtocolError } from './fields.ts';
import { FrameSocket } from './frame-socket.ts';
import { encodeFrame, type Frame, FrameError, REPLY_LIMIT, REQUEST_LIMIT } from './frames.ts';
import { Inquiries } from './inquiries.ts';
import { type AskedChart, type AnswerRequest, parseRequest, type Request } from './request.ts';
import { listenOn } from './socket-file.ts';
import { SOCKET_PROTOCOL } from './socket-protocol.ts';

export interface SocketServer {
  /** Takes the socket away and closes all connections, which takes back the requests on them. */
  close(): Promise<void>;
}

export interface SocketServerOptions {
  readonly path: string;
  /** Version of this program, for the other side's log. */
  readonly version: string;
  readonly renderer: Renderer;
  readonly logger: Logger;
}

// More than one operator opens; each may carry a frame of 96 MiB.
const CONNECTIONS = 128;

// Bytes of chart files that are kept for engines that have forgotten them.
const CHART_BYTES = 128 * 1024 * 1024;

/** Serves a renderer at a Unix socket (socket-protocol.ts). Rejects with SocketFileError. */
export const serveRenderer = async ({ path, version, renderer, logger }: SocketServerOptions): Promise<SocketServer> => {
  const charts = new LRUCache<string, Chart>({ maxSize: CHART_BYTES, sizeCalculation: sizeOf });
  const callers = new Set<Caller>();
  const server = createServer((socket) => {
    const caller = new Caller(socket, { version, renderer, charts, logger, onGone: () => callers.delete(caller) });
    callers.add(caller);
  });
  server.maxConnections = CONNECTIONS;
  const remove = await listenOn(server, path);
  return {
    close: async () => {
      await remove();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const caller of callers) caller.close();
      await closed;
    },
  };
};

const sizeOf = ({ files }: Chart): number => files.reduce((sum, { name, bytes }) => sum + name.length + bytes.length, 1);

/** A request that has a reply. */
type Asked = Exclude<Request, AnswerRequest>;

interface CallerOptions extends Omit<SocketServerOptions, 'path'> {
  readonly charts: LRUCache<string, Chart>;
  readonly onGone: () => void;
}

/** One connection of an operator: requests come and are answered in turn. */
class Caller {
  readonly #options: CallerOptions;
  readonly #socket: FrameSocket;
  readonly #gone = new AbortController();
  readonly #inquiries = new Inquiries((header) => this.#send(header, []));
  #isBusy = false;

  constructor(socket: Socket, options: CallerOptions) {
    this.#options = options;
    this.#socket = new FrameSocket(socket, REQUEST_LIMIT, { onFrame: (frame) => this.#onFrame(frame), onGone: () => this.#onGone() });
    this.#send({ kind: 'hello', protocol: SOCKET_PROTOCOL, version: options.version }, []);
  }

  close(): void {
    this.#socket.destroy('the renderer is closed');
  }

  #onFrame(frame: Frame): void {
    try {
      const request = parseRequest(frame);
      if (request.kind === 'answer') this.#inquiries.settle(request);
      else this.#begin(request);
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
    }
  }

  #begin(request: Asked): void {
    if (this.#isBusy) throw new ProtocolError('a request came before the answer to the last one');
    this.#isBusy = true;
    void this.#answer(request);
  }

  async #answer(request: Asked): Promise<void> {
    const { header, attachment } = await this.#answerTo(request).catch(failedAnswer);
    this.#isBusy = false;
    if (!this.#gone.signal.aborted) this.#send({ id: request.id, ...header }, attachment);
  }

  async #answerTo(request: Asked): Promise<Answer> {
    const { renderer } = this.#options;
    if (request.kind === 'read') return readAnswer(await renderer.read(request.manifest, request.stamp, this.#gone.signal));
    const chart = this.#chart(request.chart);
    if (chart === undefined) return CHART_NEEDED;
    const lookUp = request.lookups ? this.#inquiries.of(request.id) : undefined;
    return renderedAnswer(await renderer.render({ ...request.request, chart, lookUp }, this.#gone.signal));
  }

  /** The chart with its files; undefined when they are neither here nor in the request. */
  #chart({ digest, files, overrides }: AskedChart): Chart | undefined {
    const { charts } = this.#options;
    if (files !== undefined) charts.set(digest, { digest, files, overrides });
    const held = files ?? charts.get(digest)?.files;
    return held && { digest, files: held, overrides };
  }

  #send(header: Readonly<Record<string, unknown>>, attachment: readonly Uint8Array[]): void {
    try {
      this.#socket.send(encodeFrame(header, attachment, REPLY_LIMIT));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#send({ id: header['id'], ...failedAnswer(error).header, code: 'TooLarge' }, []);
    }
  }

  #refuse(why: string): void {
    this.#options.logger.warn({ why }, 'a connection is closed: it does not keep to the protocol');
    this.#socket.destroy(why);
  }

  #onGone(): void {
    this.#gone.abort(new Error('the operator has left'));
    this.#options.onGone();
  }
}
