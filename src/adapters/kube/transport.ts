import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../ports/clock.ts';
import { ClusterError } from '../../ports/cluster.ts';
import { type ApiMetrics, SILENT_METRICS } from '../../ports/metrics.ts';
import type { Credentials, TlsSettings } from './credentials.ts';
import { exchange, NoReply, type Reply } from './exchange.ts';
import { type Fence, NO_FENCE } from './fence.ts';
import { pause, within } from './pause.ts';
import { allOf, openPools, type OpenPools, type Pools } from './pools.ts';
import { Readiness } from './readiness.ts';
import { type Outcome, retryDelayMs } from './retry.ts';

/** A request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
  /** The longest answer that is taken; 4 MiB where absent. */
  readonly limitBytes?: number;
  /** Says that it changes nothing though it is no GET. */
  readonly isSafe?: boolean;
  /** Its answer counts only where the API server has said that it is ready. */
  readonly isToReady?: boolean;
  /** Of the Lease by which a leader is elected: it has a connection of its own, passes the fence, and is sent once: its next try is another one. */
  readonly isLease?: boolean;
}

export type ReadRequest = ApiRequest & { readonly method: 'GET' };

/** An HTTP answer whose body comes bit by bit. */
export interface ReplyStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Buffer>;
}

export interface TransportOptions {
  /** URL of the API server; a path in it stands before every request's. */
  readonly server: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Bound of one request with all its tries. */
  readonly timeoutMs?: number;
  readonly connections?: number;
  /** What a request that changes something has to pass when it leaves; none when absent. */
  readonly fence?: Fence;
  /** Where every try is counted; nowhere when absent. */
  readonly metrics?: ApiMetrics;
  /** How connections are opened; over TCP when absent. */
  readonly openPools?: OpenPools;
}

const OBJECT_LIMIT_BYTES = 4 * 1024 * 1024;
/** kube-apiserver's own `--request-timeout`. */
const TIMEOUT_MS = 60_000;
const READYZ: ReadRequest = { method: 'GET', path: '/readyz' };
/** One request at a time each: the cap on requests in flight too, far below the server's fair-queue limit. */
const CONNECTIONS = 32;

/**
 * HTTP/1.1 to one API server under one identity. Requests, watches and the Lease have connections of their own. Time-outs are kept
 * here, through the Clock, so undici's are off.
 */
export class Transport {
  readonly #origin: string;
  readonly #prefix: string;
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #connections: number;
  readonly #fence: Fence;
  readonly #metrics: ReturnType<ApiMetrics['to']>;
  readonly #closing = new AbortController();
  readonly #openPools: OpenPools;
  #pools: Pools;
  readonly #readiness: Readiness;
  /** Requests that use each of the asides, by its index. */
  readonly #asideUse: number[];

  constructor(options: TransportOptions) {
    const url = new URL(options.server);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#credentials = options.credentials;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#connections = options.connections ?? CONNECTIONS;
    this.#fence = options.fence ?? NO_FENCE;
    this.#metrics = (options.metrics ?? SILENT_METRICS.api).to(url.host);
    this.#openPools = options.openPools ?? openPools;
    this.#pools = this.#openPools(this.#origin, this.#connections, this.#credentials);
    this.#readiness = new Readiness(this.#clock);
    this.#asideUse = this.#pools.asides.map(() => 0);
  }

  /** Aborts when `close` is called. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * The server's answer, whatever its status; a refusal (403) only from one that is ready. Rejects with NoReply, with NotReady, and with the
   * signal's reason when it aborts.
   */
  async send(request: ApiRequest, signal: AbortSignal): Promise<Reply> {
    const late = () => new NoReply(true, new Error(`no answer in ${this.#timeoutMs / 1000} s`));
    const endsAt = this.#clock.now() + this.#timeoutMs;
    return within(this.#clock, { timeoutMs: this.#timeoutMs, late }, signal, async (bounded) => {
      if (request.isToReady === true) return this.#sendToReady(request, endsAt, bounded);
      const reply = await this.#persist(request, endsAt, bounded);
      if (reply.status !== 403 || request.isLease === true) return reply;
      // It is certainly not done.
      this.#metrics.retried(request.method, reply.status);
      return this.#sendToReady(request, endsAt, bounded);
    });
  }

  /**
   * The server's answer as it comes, without a time-out; only a 401 is sent again, with newer credentials. The stream ends
   * when the signal aborts.
   */
  async open(request: ReadRequest, signal: AbortSignal): Promise<ReplyStream> {
    try {
      return await this.#withRenewal(
        (identity) => this.#start(request, identity, signal),
        ({ status }) => status === 401,
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof ClusterError ? error : new NoReply(true, error);
    }
  }

  /** Ends every request, watch and connection. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the connection to the API server is closed'));
    await Promise.all(allOf(this.#pools).map((pool) => pool.destroy()));
  }

  /** Over a connection by which the API server has said that it is ready: there may be several behind one address. */
  async #sendToReady(request: ApiRequest, endsAt: number, signal: AbortSignal): Promise<Reply> {
    const aside = this.#asideUse.indexOf(Math.min(...this.#asideUse));
    this.#useAside(aside, 1);
    try {
      return await this.#persist(request, endsAt, signal, aside);
    } finally {
      this.#useAside(aside, -1);
    }
  }

  #useAside(aside: number, change: 1 | -1): void {
    this.#asideUse[aside] = (this.#asideUse[aside] ?? 0) + change;
  }

  /** `aside`: by which of the connections aside the API server has to say before each try that it is ready, to be asked by the same. */
  async #persist(request: ApiRequest, endsAt: number, signal: AbortSignal, aside?: number): Promise<Reply> {
    for (let tries = 1; ; tries += 1) {
      if (aside !== undefined) await this.#readiness.wait((bounded) => this.#ask(READYZ, bounded, aside), signal);
      const outcome = await this.#ask(request, signal, aside);
      if (request.isLease) return replyOf(outcome);
      const delayMs = retryDelayMs(outcome, isSafe(request), tries, this.#clock.random());
      if (delayMs === undefined || this.#clock.now() + delayMs >= endsAt || this.closing.aborted) return replyOf(outcome);
      this.#metrics.retried(request.method, outcome.kind === 'Reply' ? outcome.reply.status : undefined);
      await pause(this.#clock, delayMs, signal);
    }
  }

  #ask(request: ApiRequest, signal: AbortSignal, aside: number | undefined): Promise<Outcome> {
    if (this.closing.aborted) throw new NoReply(false, this.closing.reason);
    return this.#withRenewal((identity) => this.#try(request, identity, signal, aside), isUnauthorized, signal);
  }

  /** What was answered with 401 is certainly not done, so it is sent again at once as soon as there are other credentials. */
  async #withRenewal<T>(send: (identity: Identity) => Promise<T>, isRefused: (answer: T) => boolean, signal: AbortSignal): Promise<T> {
    const identity = await this.#identity(signal);
    const answer = await send(identity);
    if (!isRefused(answer)) return answer;
    await this.#credentials.renew(signal);
    const renewed = await this.#identity(signal);
    if (renewed.tls !== identity.tls) this.#replacePools(renewed.tls);
    return isSameIdentity(identity, renewed) ? answer : send(renewed);
  }

  async #identity(signal: AbortSignal): Promise<Identity> {
    const headers = await this.#credentials.headers(signal);
    return { headers, tls: this.#credentials.tls };
  }

  async #try(request: ApiRequest, identity: Identity, signal: AbortSignal, aside: number | undefined): Promise<Outcome> {
    const { requests, lease, asides } = this.#pools;
    const usual = request.isLease ? lease : requests;
    const mayLeave = () => isSafe(request) || request.isLease === true || this.#fence.isOpen();
    const options = { ...this.#dispatchOptions(request, identity), limitBytes: request.limitBytes ?? OBJECT_LIMIT_BYTES, mayLeave };
    const answered = this.#metrics.begin(request.method);
    try {
      const reply = await exchange(aside === undefined ? usual : (asides[aside] ?? usual), options, signal);
      answered(reply.status);
      return { kind: 'Reply', reply };
    } catch (error) {
      answered(undefined);
      if (error instanceof NoReply && !signal.aborted) return { kind: 'NoReply', error };
      throw error;
    }
  }

  async #start(request: ApiRequest, identity: Identity, signal: AbortSignal): Promise<ReplyStream> {
    const answered = this.#metrics.begin(request.method);
    try {
      const { statusCode, headers, body } = await this.#pools.watches.request({ ...this.#dispatchOptions(request, identity), signal });
      answered(statusCode);
      return { status: statusCode, headers, body };
    } catch (error) {
      answered(undefined);
      throw error;
    }
  }

  #dispatchOptions(request: ApiRequest, identity: Identity): Dispatcher.DispatchOptions & { path: string } {
    const headers: Record<string, string> = { accept: request.accept ?? 'application/json', 'user-agent': 'tagalong', ...identity.headers };
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    return { method: request.method, path: this.#prefix + request.path, headers, body: request.body ?? null };
  }

  /** A client certificate belongs to its connection; the old ones end with what they are doing. */
  #replacePools(tls: TlsSettings): void {
    const old = this.#pools;
    if (old.tls === tls) return; // Somebody else was first.
    this.#pools = this.#openPools(this.#origin, this.#connections, this.#credentials);
    for (const pool of allOf(old)) void pool.close();
  }
}

interface Identity {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsSettings;
}

const isSameIdentity = (one: Identity, other: Identity): boolean => one.tls === other.tls && JSON.stringify(one.headers) === JSON.stringify(other.headers);

const isUnauthorized = (outcome: Outcome): boolean => outcome.kind === 'Reply' && outcome.reply.status === 401;

const isSafe = (request: ApiRequest): boolean => request.isSafe ?? request.method === 'GET';

const replyOf = (outcome: Outcome): Reply => {
  if (outcome.kind === 'NoReply') throw outcome.error;
  return outcome.reply;
};
