import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** An HTTP answer, whole. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** There was no whole answer. `wasSent` is false only when it is certain that no byte of the request left. */
export class NoReply extends Error {
  override readonly name = 'NoReply';
  readonly wasSent: boolean;

  constructor(wasSent: boolean, cause: unknown) {
    super(cause instanceof Error ? describeCause(cause) : String(cause), { cause });
    this.wasSent = wasSent;
  }
}

/** The answer has more bytes than are taken; it would have them once more. */
export class TooLong extends NoReply {
  constructor(limitBytes: number) {
    super(true, new Error(`the answer is longer than ${limitBytes} bytes`));
  }
}

/** The API server says that it is not ready, so what it answers does not count. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}

/** The request was about to leave, and was not let go; it is never sent again. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

const describeCause = (cause: Error): string => (cause.message === '' && 'code' in cause ? String(cause.code) : cause.message);

export type ExchangeOptions = Dispatcher.DispatchOptions & {
  readonly limitBytes: number;
  /** Asked when a connection is there and the first byte is about to be written: what comes before, a queue among it, may take long. */
  readonly mayLeave: () => boolean;
};

/**
 * One request and its answer. Rejects with NoReply, also when the body is longer than `limitBytes`, with Fenced when it
 * may not leave, and with the signal's reason.
 */
export const exchange = (dispatcher: Pick<Dispatcher, 'dispatch'>, options: ExchangeOptions, signal: AbortSignal): Promise<Reply> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const { limitBytes, mayLeave, ...request } = options;
    const collector = new Collector({ limitBytes, mayLeave }, signal, resolve, reject);
    try {
      dispatcher.dispatch(request, collector);
    } catch (error) {
      collector.fail(error);
    }
  });

/** Gathers one answer; undici calls it in the order of the methods. */
class Collector implements Dispatcher.DispatchHandler {
  readonly #limitBytes: number;
  readonly #mayLeave: () => boolean;
  readonly #signal: AbortSignal;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: unknown) => void;
  readonly #stop = () => this.#abort();
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #bytes = 0;

  constructor({ limitBytes, mayLeave }: Pick<ExchangeOptions, 'limitBytes' | 'mayLeave'>, signal: AbortSignal, resolve: (reply: Reply) => void, reject: (error: unknown) => void) {
    this.#limitBytes = limitBytes;
    this.#mayLeave = mayLeave;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#signal.aborted) controller.abort(asError(this.#signal.reason));
    else if (this.#mayLeave()) this.#controller = controller;
    else controller.abort(new Fenced('this replica does not lead, or cannot know that it still does'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limitBytes) controller.abort(new TooLong(this.#limitBytes));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  fail(error: unknown): void {
    this.#signal.removeEventListener('abort', this.#stop);
    if (this.#signal.aborted) this.#reject(this.#signal.reason);
    else this.#reject(error instanceof TooLong || error instanceof Fenced ? error : new NoReply(this.#controller !== undefined, error));
  }

  /** A request that still waits for a connection is given up at once; undici drops it at onRequestStart. */
  #abort(): void {
    this.#controller?.abort(asError(this.#signal.reason));
    this.#reject(this.#signal.reason);
  }
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));
