import type { Clock } from '../../ports/clock.ts';
import { type RegistryMetrics, type RegistryOperation, SILENT_METRICS } from '../../ports/metrics.ts';
import { type Credential, RegistryError } from '../../ports/registry.ts';
import { BasicAuth } from './basic-auth.ts';
import { BodyTooLong } from './body.ts';
import { parseChallenges } from './challenge.ts';
import { failure } from './failure.ts';
import { networkFailure } from './network-faults.ts';
import { isRedirect, nextHop } from './redirect.ts';
import { statusFailure } from './status-faults.ts';
import { type Answer, type HttpRequest, type Timeouts, Transport } from './transport.ts';

/** One request to a registry and in whose name; `attempt` begins the message of every error. */
export interface RegistryRequest extends HttpRequest {
  readonly attempt: string;
  readonly operation: RegistryOperation;
  readonly credential: Credential | undefined;
  /** Answers beside 200 that are no errors to the caller. */
  readonly alsoRead?: readonly number[];
}

/**
 * Requests with authorization, redirects and time-outs. The credential goes to the origin of the request's URL (scheme, host and
 * port) and nowhere else: the target of a redirect is asked without.
 */
export class Requests {
  readonly #transport: Transport;
  readonly #auth = new BasicAuth();
  readonly #timeouts: Timeouts;
  readonly #clock: Clock;
  readonly #metrics: RegistryMetrics;

  constructor(timeouts: Timeouts, clock: Clock, metrics: RegistryMetrics = SILENT_METRICS.registry) {
    this.#transport = new Transport(timeouts);
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
    return this.#transport.close();
  }

  async #follow(request: RegistryRequest, signal: AbortSignal): Promise<Answer> {
    let { answer, authorization } = await this.#authorized(request, signal);
    for (let hops = 0; isRedirect(answer.status); hops += 1) {
      await answer.discard();
      const hop = nextHop(answer.url, answer.headers['location'], hops);
      if (hop.kind === 'Refused') throw failure('Unavailable', request.attempt, `the registry answered with ${hop.why}`);
      const allowed = hop.url.origin === request.url.origin ? authorization : undefined;
      answer = await this.#exchange(request, withAuthorization({ ...request, url: hop.url }, allowed), signal);
    }
    return answer;
  }

  async #authorized(request: RegistryRequest, signal: AbortSignal): Promise<{ answer: Answer; authorization: string | undefined }> {
    const { origin } = request.url;
    const initial = this.#auth.initial(origin, request.credential);
    const answer = await this.#exchange(request, withAuthorization(request, initial), signal);
    if (answer.status !== 401) return { answer, authorization: initial };
    const challenges = parseChallenges(answer.headers['www-authenticate'] ?? '');
    const reply = this.#auth.reply(origin, challenges, request.credential, initial !== undefined);
    await answer.discard();
    if (reply.kind === 'GiveUp') throw failure('Unauthorized', request.attempt, `the registry answered 401: ${reply.why}`);
    const second = await this.#exchange(request, withAuthorization(request, reply.authorization), signal);
    if (second.status !== 401) return { answer: second, authorization: reply.authorization };
    await second.discard();
    throw failure('Unauthorized', request.attempt, 'the registry answered 401: the credentials are refused');
  }

  /** One exchange, counted for the registry that was asked first: hosts of redirects are many and say little. */
  async #exchange({ url, operation }: RegistryRequest, hop: HttpRequest, signal: AbortSignal): Promise<Answer> {
    const answered = this.#metrics.begin(url.host, operation);
    try {
      const answer = await this.#transport.exchange(hop, signal);
      answered(answer.status);
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
    if (signal.aborted) return signal.reason;
    if (bounded.aborted) return failure('Unavailable', attempt, `${url.host} did not answer in full within ${this.#timeouts.overallMs} ms`, { cause: error });
    return networkFailure(attempt, url, error);
  }
}

const withAuthorization = ({ method, url, headers }: HttpRequest, authorization: string | undefined): HttpRequest => ({
  method,
  url,
  headers: authorization === undefined ? headers : { ...headers, authorization },
});
