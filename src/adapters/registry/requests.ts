import type { LookupFunction } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import { type RegistryMetrics, type RegistryOperation, SILENT_METRICS } from '../../ports/metrics.ts';
import { type Access, RegistryError } from '../../ports/registry.ts';
import type { Proxies } from './agent.ts';
import { Authorization } from './authorization.ts';
import { BodyTooLong } from './body.ts';
import { parseChallenges } from './challenge.ts';
import { failure } from './failure.ts';
import { networkFailure } from './network-faults.ts';
import type { OriginGate } from './origin-gate.ts';
import { type RealmPolicy, realmsWith } from './realm.ts';
import { isRedirect, nextHop } from './redirect.ts';
import { statusFailure } from './status-faults.ts';
import { TokenFault, TokenServers } from './token-server.ts';
import { Tokens } from './tokens.ts';
import type { Answer, HttpRequest, Timeouts } from './transport.ts';
import { Transports } from './transports.ts';

/** One request to a registry and in whose name; `attempt` begins the message of every error. */
export interface RegistryRequest extends HttpRequest, Access {
  readonly attempt: string;
  readonly operation: RegistryOperation;
  readonly repository: string;
  /** Of the registry that is asked: it hears what the answers say of its budget. */
  readonly gate: OriginGate;
  /** Answers beside 200 that are no errors to the caller. */
  readonly alsoRead?: readonly number[];
}

export interface RequestsOptions {
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly realms: RealmPolicy;
  readonly metrics?: RegistryMetrics | undefined;
  readonly lookup?: LookupFunction | undefined;
  readonly proxies?: Proxies | undefined;
}

/**
 * Requests with authorization, redirects and time-outs. The credential goes to the origin of the request's URL (scheme, host and
 * port) and to the token server that this origin names, if realm.ts lets it; a token and a client certificate go to that origin
 * alone. The target of a redirect is asked without.
 */
export class Requests {
  readonly #transports: Transports;
  readonly #auth: Authorization;
  readonly #timeouts: Timeouts;
  readonly #clock: Clock;
  readonly #metrics: RegistryMetrics;

  constructor({ timeouts, clock, realms, metrics = SILENT_METRICS.registry, lookup, proxies }: RequestsOptions) {
    this.#transports = new Transports(timeouts, { lookup, proxies });
    const servers = new TokenServers({ transports: this.#transports, clock, metrics, overallMs: timeouts.overallMs });
    this.#auth = new Authorization(new Tokens(servers, clock), realmsWith(realms));
    this.#timeouts = timeouts;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /**
   * Sends the request and gives the answer to `read` when it is 200 or one of `alsoRead`. Rejects with RegistryError, with what `read` throws, or with
   * the reason of `signal`.
   */
  async run<T>(request: RegistryRequest, read: (answer: Answer) => Promise<T>, signal: AbortSignal): Promise<T> {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(this.#timeouts.overallMs)]);
    try {
      const answer = await this.#follow(request, bounded);
      if (answer.status !== 200 && request.alsoRead?.includes(answer.status) !== true) throw await statusFailure(answer, this.#context(request, answer));
      return await read(answer);
    } catch (error) {
      throw this.#translate(request, error, signal, bounded);
    }
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#transports.close();
  }

  /** The answer in the end: where the registry's own origin says 401, at once or after it has redirected within itself, with what it asks for. */
  async #follow(request: RegistryRequest, signal: AbortSignal): Promise<Answer> {
    const initial = await this.#auth.initial(request, signal);
    const answer = await this.#hop(request, initial, signal);
    if (!isRefusal(request, answer)) return answer;
    await answer.discard();
    const reply = await this.#auth.reply(request, parseChallenges(answer.headers['www-authenticate'] ?? ''), initial, signal);
    if (reply.kind === 'GiveUp') throw unauthorized(request, reply.why);
    const again = await this.#hop(request, reply.authorization, signal);
    if (!isRefusal(request, again)) return again;
    // Once: who refuses what he asked for a moment ago would do so for ever.
    await again.discard();
    throw unauthorized(request, reply.ifRefused);
  }

  /** The answer at the end of the redirects. The registry's own origin gets the authorization wherever in the chain it is, and nobody else. */
  async #hop(request: RegistryRequest, authorization: string | undefined, signal: AbortSignal): Promise<Answer> {
    let answer = await this.#exchange(request, withAuthorization(request, authorization), signal);
    for (let hops = 0; isRedirect(answer.status); hops += 1) {
      await answer.discard();
      const hop = nextHop(answer.url, answer.headers['location'], hops);
      if (hop.kind === 'Refused') throw failure('Unavailable', request.attempt, `the registry answered with ${hop.why}`);
      const allowed = hop.url.origin === request.url.origin ? authorization : undefined;
      answer = await this.#exchange(request, withAuthorization({ ...request, url: hop.url }, allowed), signal);
    }
    return answer;
  }

  /** One exchange, counted for the registry that was asked first: hosts of redirects are many and say little. */
  async #exchange({ url, operation, tls, gate }: RegistryRequest, hop: HttpRequest, signal: AbortSignal): Promise<Answer> {
    const answered = this.#metrics.begin(url.host, operation);
    try {
      const answer = await this.#transports.to(hop.url.origin === url.origin ? 'Registry' : 'Known', tls).exchange(hop, signal);
      answered(answer.status);
      if (hop.url.origin === url.origin) gate.hear(answer.headers, POLLS.includes(operation), this.#clock.now());
      return answer;
    } catch (error) {
      answered(undefined);
      throw error;
    }
  }

  #context({ attempt, url }: RegistryRequest, answer: Answer): Parameters<typeof statusFailure>[1] {
    return { attempt, now: this.#clock.now(), mayQuote: answer.url.origin === url.origin };
  }

  #translate({ attempt, url }: RegistryRequest, error: unknown, signal: AbortSignal, bounded: AbortSignal): unknown {
    if (error instanceof RegistryError || error instanceof BodyTooLong) return error;
    if (error instanceof TokenFault) return failure(error.code, attempt, error.message, { cause: error, retryAfterMs: error.retryAfterMs });
    if (signal.aborted) return signal.reason;
    if (bounded.aborted) return failure('Unavailable', attempt, `${url.host} did not answer in full within ${this.#timeouts.overallMs} ms`, { cause: error });
    return networkFailure(attempt, url, error);
  }
}

/** What is asked again and again. */
const POLLS: readonly RegistryOperation[] = ['resolve', 'tags'];

const isRefusal = ({ url: { origin } }: RegistryRequest, { status, url }: Answer): boolean => status === 401 && url.origin === origin;

const unauthorized = ({ attempt }: RegistryRequest, why: string): RegistryError => failure('Unauthorized', attempt, `the registry answered 401: ${why}`);

const withAuthorization = ({ method, url, headers }: HttpRequest, authorization: string | undefined): HttpRequest => ({
  method,
  url,
  headers: authorization === undefined ? headers : { ...headers, authorization },
});
