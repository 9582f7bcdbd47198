const PATIENCE_MS = 30_000;

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A Node process that was started with `--inspect`, asked over the Chrome DevTools Protocol. Nothing is asked that changes what it does, but for garbage collection. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply; // as the protocol says
      this.#waiting.get(reply.id ?? 0)?.resolve(reply);
    });
    socket.addEventListener('close', () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error('the process that was inspected has ended'));
    });
  }

  /** Connects to the address that Node has said, `ws://127.0.0.1:<port>/<id>`. */
  static async open(address: string): Promise<Inspector> {
    const socket = new WebSocket(address);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no connection to the inspector at ${address}`)));
    await promise;
    return new Inspector(socket);
  }

  /** Bytes of the heap that are in use when all garbage is gone. */
  async liveHeapBytes(): Promise<number> {
    await this.#ask('HeapProfiler.collectGarbage');
    const { usedSize } = (await this.#ask('Runtime.getHeapUsage')) as { readonly usedSize: number }; // as the protocol says
    return usedSize;
  }

  /** How many timers are set. */
  async timers(): Promise<number> {
    const expression = "process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate').length";
    const { result } = (await this.#ask('Runtime.evaluate', { expression, returnByValue: true })) as { readonly result: { readonly value: number } }; // as the protocol says
    return result.value;
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    const waiting = Promise.withResolvers<Reply>();
    this.#waiting.set(id, waiting);
    const timer = setTimeout(() => waiting.reject(new Error(`the inspected process has not answered ${method} within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    try {
      this.#socket.send(JSON.stringify({ id, method, params }));
      const { result, error } = await waiting.promise;
      if (error !== undefined) throw new Error(`the inspected process refuses ${method}: ${error.message}`);
      return result;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }
}
